import type { Encoding, Frame, Position } from '@holdfast/protocol'
import { HoldfastError } from '@holdfast/protocol'
import type { MaybePromise } from './maybe-promise.ts'

/**
 * Where logs, sessions and their numbers live, and how nodes speak with each other. Everything that passes it is
 * serialised: strings, numbers, and plain objects of them. No caller may assume that an answer comes at once.
 * A failure throws; a `BrokerError` with `certain` says that nothing was applied, anything else leaves that open.
 */
export interface Broker {
  /** A handle; the log itself begins with its first `append` or `tail`. The newest options count. */
  log(name: string, options: LogOptions): Log
  readonly sessions: SessionRegistry
  /** To every node that listens on the channel, this one included; in order from one sender, lost where nobody listens. */
  send(channel: string, message: string): MaybePromise<void>
  /** What was sent once this has resolved arrives. */
  listen(channel: string, listener: (message: string) => void): MaybePromise<() => void>
  close(): MaybePromise<void>
}

/** Limits of one log: the oldest entries go when one of them is exceeded. */
export interface LogOptions {
  readonly count: number
  readonly bytes: number
  readonly ageMs: number
  /** Keeps the newest entry of each key only; what is superseded goes without moving `floor`. */
  readonly compact: boolean
  /** A log that is empty goes when it was not used for so long; when it comes back it has a new epoch. */
  readonly idleMs: number
}

/** An entry before the log has placed it. */
export interface Draft {
  /** ms since 1970. */
  readonly time: number
  /** JSON text. */
  readonly data: string
  readonly encoding?: Encoding | undefined
  readonly id?: string | undefined
  readonly key?: string | undefined
  /** The user who published it, as JSON text. */
  readonly user?: string | undefined
}

export interface Entry extends Draft {
  readonly epoch: string
  readonly offset: number
}

export interface LogState {
  readonly epoch: string
  /** Offset of the newest entry ever appended, 0 before the first. */
  readonly head: number
  /** Reading after this offset is complete; at or below it entries were trimmed. */
  readonly floor: number
  /** The offset before the newest entries that were asked for. */
  readonly before: number
}

export interface LogPage {
  readonly epoch: string
  readonly head: number
  readonly floor: number
  /** In the order of their offsets. At least one where there is one after the offset. */
  readonly entries: readonly Entry[]
}

export interface Log {
  /** Null where the log has not begun. `before` lies before the newest `last` entries (default 0). */
  state(last?: number): MaybePromise<LogState | null>
  read(after: number, limits: { maxEntries: number; maxBytes: number }): MaybePromise<LogPage | null>
  /** With a producer: applied if its number is the session's next, atomically with the append. */
  append(draft: Draft, producer?: Producer): MaybePromise<Applied>
  /** Every entry from now on, once, in order, without holes. The listener does not throw. */
  tail(listener: (entry: Entry) => void): MaybePromise<() => void>
  /** Drops the entries up to this position; one of another epoch drops nothing. */
  trim(position: Position): MaybePromise<void>
  remove(): MaybePromise<void>
}

export interface Producer {
  readonly session: string
  readonly number: number
}

/** What a number came to, kept for the newest 1,024 of a session. Without a producer the number is 0. */
export type Answer = Frame<'receipt'> | Frame<'reject'>

export type Applied =
  | { readonly status: 'applied'; readonly answer: Answer }
  /** An earlier answer, with the mark it was recorded under; `forgotten` where it is no longer kept. */
  | { readonly status: 'repeated'; readonly answer: Answer; readonly by?: string | undefined }
  /** Not the next number. */
  | { readonly status: 'jump' }

/** Records of sessions that every node can read, and what became of their numbers. Both go when the time is over. */
export interface SessionRegistry {
  /** Null if this call created it, else the record that is there. */
  create(id: string, record: string, ttlMs: number): MaybePromise<string | null>
  get(id: string): MaybePromise<string | null>
  /** Compare and set. */
  replace(id: string, expected: string, record: string, ttlMs: number): MaybePromise<boolean>
  touch(id: string, ttlMs: number): MaybePromise<boolean>
  /** The highest number dealt with, 0 before the first. */
  received(id: string): MaybePromise<number>
  /** Uses up the next number for something that appends nothing. `by` tells a retry from another's record. */
  record(id: string, number: number, answer: Answer, by?: string): MaybePromise<Applied>
  /** Drops the numbers, after which each is a `jump`; the record stays until its time is over. */
  forget(id: string): MaybePromise<void>
}

/** A failure of the broker. `certain`: nothing was applied. */
export class BrokerError extends HoldfastError<'broker-failed'> {
  readonly certain: boolean

  constructor(message: string, options: { certain: boolean; cause?: unknown }) {
    super('broker-failed', message, 'cause' in options ? { cause: options.cause } : {})
    this.certain = options.certain
  }
}
