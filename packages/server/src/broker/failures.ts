import type { Position } from '@holdfast/protocol'
import { HoldfastError } from '@holdfast/protocol'
import type { Applied, Broker, Draft, Entry, Log, LogPage, LogState, Producer } from './broker.ts'
import { BrokerError } from './broker.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { rescue } from './maybe-promise.ts'

/** The same broker, whose every failure is a `BrokerError`: what says nothing else leaves open whether it was applied. */
export function nameFailures(broker: Broker): Broker {
  const { sessions } = broker
  return {
    log: (name, options) => new NamedLog(named('log', () => broker.log(name, options)) as Log),
    send: (channel, message) => named('send', () => broker.send(channel, message)),
    listen: (channel, listener) => named('listen', () => broker.listen(channel, listener)),
    close: () => named('close', () => broker.close()),
    sessions: {
      create: (id, record, ttlMs) => named('create', () => sessions.create(id, record, ttlMs)),
      get: (id) => named('get', () => sessions.get(id)),
      replace: (id, expected, record, ttlMs) => named('replace', () => sessions.replace(id, expected, record, ttlMs)),
      touch: (id, ttlMs) => named('touch', () => sessions.touch(id, ttlMs)),
      received: (id) => named('received', () => sessions.received(id)),
      record: (id, number, answer, by) => named('record', () => sessions.record(id, number, answer, by)),
      forget: (id) => named('forget', () => sessions.forget(id)),
    },
  }
}

/** What someone is told who wanted something appended. */
export const publishFailure = (what: string, cause: unknown): HoldfastError =>
  new HoldfastError('broker-failed', `${what} failed`, {
    outcome: cause instanceof BrokerError && cause.certain ? 'rejected' : 'unknown',
    cause,
  })

/** A class, for there is one for each topic and each session. */
class NamedLog implements Log {
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  state(last?: number): MaybePromise<LogState | null> {
    return named('state', () => this.#log.state(last))
  }

  read(after: number, limits: { maxEntries: number; maxBytes: number }): MaybePromise<LogPage | null> {
    return named('read', () => this.#log.read(after, limits))
  }

  append(draft: Draft, producer?: Producer): MaybePromise<Applied> {
    return named('append', () => this.#log.append(draft, producer))
  }

  tail(listener: (entry: Entry) => void): MaybePromise<() => void> {
    return named('tail', () => this.#log.tail(listener))
  }

  trim(position: Position): MaybePromise<void> {
    return named('trim', () => this.#log.trim(position))
  }

  remove(): MaybePromise<void> {
    return named('remove', () => this.#log.remove())
  }
}

const named = <T>(operation: string, perform: () => MaybePromise<T>): MaybePromise<T> =>
  rescue(perform, (cause) => {
    if (cause instanceof HoldfastError) throw cause
    throw new BrokerError(`the broker failed at '${operation}': ${cause}`, { certain: false, cause })
  })
