import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { faultOf } from '../faults.ts'
import { heartbeatLine } from './outbox.ts'
import type { SubscriberOwner } from './subscriber.ts'
import { Subscriber } from './subscriber.ts'

export type Transport = 'websocket' | 'sse' | 'poll'

export interface LinkOwner extends SubscriberOwner {
  left(link: Link): void
}

/** One use of one transport by a session. The far side is its transport's: a socket, a stream of events, or answers to polls. */
export abstract class Link<Far = unknown> extends Subscriber<Far> {
  readonly number: number
  abstract readonly transport: Transport
  protected readonly owner: LinkOwner
  #heardAt: number
  #beatAt: number

  constructor(context: Context, owner: LinkOwner, number: number) {
    super(context)
    this.number = number
    this.owner = owner
    this.#heardAt = context.uptime()
    this.#beatAt = this.#heardAt
  }

  get acknowledged(): boolean {
    return true
  }

  /** It is between two polls; the next one may go to another node. */
  get away(): boolean {
    return false
  }

  /** Says why, lets go what is written, and closes. */
  protected abstract close(why: Fault): void
  /** Closes at once. */
  abstract destroy(): void

  /** A sign from the client. */
  heard(now: number): void {
    this.#heardAt = now
  }

  sweep(now: number): void {
    const { heartbeatMs } = this.context.settings
    if (now - this.#heardAt >= 3 * heartbeatMs) {
      this.end({ code: 'heartbeat-timeout', message: 'nothing came from the client' })
    } else if (this.acknowledged && !this.takes(now)) {
      this.end({ code: 'too-slow', message: 'the socket took nothing' })
    } else {
      // On a link that is never quiet, too: the client's answer to it is the only sign of one that sends nothing.
      const due = Math.max(this.#heardAt, this.#beatAt) + heartbeatMs <= now || this.wroteAt + heartbeatMs <= now
      if (due && !this.away) {
        this.#beatAt = now
        this.push(heartbeatLine)
      }
      this.pump()
    }
  }

  /** Says why, and ends. */
  override end(reason: Fault | Error): void {
    if (this.closed) return
    const why = reason instanceof Error ? (faultOf(reason) as Fault) : reason
    this.flush()
    this.leave()
    if (!ordinary.has(why.code)) this.context.refused(why.code)
    this.close(why)
  }

  /** The transport went by itself. */
  gone(): void {
    if (this.closed) return
    this.leave()
    this.destroy()
  }

  private leave(): void {
    this.shut()
    this.owner.left(this)
  }
}

// How links end when nothing is wrong.
const ordinary = new Set<string>(['superseded', 'session-closed', 'shutting-down'])
