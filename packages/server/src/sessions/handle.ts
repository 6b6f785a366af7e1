import type { Receipt } from '@holdfast/protocol'
import { HoldfastError } from '@holdfast/protocol'
import type { Log } from '../broker/broker.ts'
import { BrokerError } from '../broker/broker.ts'
import { publishFailure } from '../broker/failures.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import { receiptOf } from '../broker/receipts.ts'
import type { Context } from '../context.ts'
import { givePayload } from '../topics/publishing.ts'
import type { SessionRecord } from './identity.ts'
import type { Session, SessionHandle } from './session.ts'

/** What handles have to do with. */
export interface HandleHost {
  readonly context: Context
  /** Where the session is here. */
  at(id: string): Session | undefined
  inboxLog(id: string): Log
}

/** A class, for each message of a client that a hub's listener hears brings one. */
export class Handle implements SessionHandle {
  readonly id: string
  readonly #host: HandleHost
  readonly #user: unknown

  /** `user`: where the session is not here. */
  constructor(host: HandleHost, id: string, user: unknown) {
    this.id = id
    this.#host = host
    this.#user = user
  }

  get user(): unknown {
    return this.#host.at(this.id)?.user ?? this.#user
  }

  async send(data: unknown): Promise<Receipt> {
    const { context } = this.#host
    const { json, encoding } = givePayload(context, data)
    try {
      const here = this.#host.at(this.id)
      if (here ? here.ended : await this.isOver()) {
        throw new HoldfastError('session-lost', 'the session is over', { outcome: 'rejected' })
      }
      const log = here ? here.inbox().log : this.#host.inboxLog(this.id)
      const applied = log.append({ time: context.clock.now(), data: json, encoding })
      return receiptOf(isPromise(applied) ? await applied : applied)
    } catch (cause) {
      throw cause instanceof BrokerError ? publishFailure('the message to a session', cause) : cause
    }
  }

  private async isOver(): Promise<boolean> {
    const record = await this.#host.context.broker.sessions.get(this.id)
    return record === null || (JSON.parse(record) as SessionRecord).ended !== undefined
  }
}
