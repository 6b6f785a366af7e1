import { type Cursor, HoldfastError } from '@holdfast/protocol'

/** One's own change that has no entry in the confirmed state yet. */
export interface Pending<T> {
  readonly key: number
  readonly data: T
  /** The publish id that its entry will carry; null until it was handed to a transport. */
  readonly id: string | null
  /** Where its entry is; null until the receipt is there. */
  readonly cursor: Cursor | null
  /** The confirmed state was taken anew, and may hold it already: not shown until its receipt tells. */
  readonly doubtful: boolean
}

/** What a topic's store holds. */
export interface TopicContext<S, T = unknown> {
  /** The confirmed state, with the pending changes folded over it where they are shown optimistically. */
  readonly data: S
  /** `live` while the hub is sending; `stale` before the first state, while the connection is away, and while a new state is fetched. */
  readonly status: 'live' | 'stale'
  /** Since when `data` may be old, in ms since 1970; null while it is live, and before it first was. */
  readonly staleSince: number | null
  /** In the order in which they were published. */
  readonly pending: readonly Pending<T>[]
  /** The last thing that went wrong; null again with the next publish, the loader's next answer, and when the topic is live anew. */
  readonly error: HoldfastError | null
  /** What the topic has said, without what is pending. */
  readonly confirmed: S
  /** Up to where the topic is in `confirmed`; null before anything is. */
  readonly cursor: Cursor | null
}

/** A state, and the cursor up to which it includes its topic. */
export interface StateAt<S> {
  readonly state: S
  readonly cursor: Cursor
}

/** Whatever failed, as an error with a code. */
export const asError = (cause: unknown, code = 'failed'): HoldfastError =>
  cause instanceof Error && 'code' in cause ? (cause as HoldfastError) : new HoldfastError(code, `${cause}`, { cause })
