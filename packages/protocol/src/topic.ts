import type { Observable } from 'rxjs'
import type { Cursor } from './cursor.ts'
import type { GapReason } from './frames.ts'

/**
 * Where a subscriber starts. `live`: at the head when the server reads the subscription. `start`: the oldest entry kept.
 * `snapshot`: the topic's snapshot, and where it has none as `start`. `{ last: n }`: the n newest entries kept, then on.
 * A cursor: right after it.
 */
export type From = 'live' | 'start' | 'snapshot' | { readonly last: number } | Cursor

/** The hub's word that a publish is in the topic's log, and where. */
export interface Receipt {
  readonly cursor: Cursor
  readonly offset: number
  readonly epoch: string
}

export interface MessageEvent<T> extends Receipt {
  readonly type: 'message'
  readonly data: T
  /** When the hub appended it, in ms since 1970. */
  readonly time: number
  /** Who published it and under which number, `<public session id>.<number>`; where a hub did, one without a dot if its `onSent` asked, else none. */
  readonly id?: string
}

/** What lies between the two cursors will not come. */
export interface GapEvent {
  readonly type: 'gap'
  readonly from: Cursor
  readonly to: Cursor
  /** `trimmed`: history no longer reached back. `epoch`: the log began anew. `overrun`: this subscriber was too slow. */
  readonly reason: GapReason
  /** The topic's snapshot is the next event, in the same step. */
  readonly snapshot?: true
}

/** The topic's state up to and with the cursor. */
export interface SnapshotEvent {
  readonly type: 'snapshot'
  readonly data: unknown
  readonly cursor: Cursor
}

export type TopicEvent<T, M extends MessageEvent<T> = MessageEvent<T>> = M | GapEvent | SnapshotEvent

export interface PublishOptions {
  /** Gives up: `not-sent` before hand-over to a transport, `unknown` after it. */
  readonly signal?: AbortSignal
  /** Gives up after this many ms; default none (requests: 30,000). */
  readonly timeoutMs?: number
  /**
   * Told the id that the publish's entry will carry (`MessageEvent.id`), once, when it is handed to a transport for the first
   * time (on a hub right before it is appended): the entry may come before the receipt. Never called for a request.
   */
  readonly onSent?: (id: string) => void
}

/** A topic, on the client and on the hub: an Observable of what is published, and an Observer that publishes. */
export interface Topic<T, M extends MessageEvent<T> = MessageEvent<T>> extends Observable<T> {
  readonly name: string
  readonly events$: Observable<TopicEvent<T, M>>
  /**
   * Whether the hub is sending this topic at this moment, and whoever subscribed by this object has come level with that; replays
   * the latest. Listens to the topic no more than its subscribers do.
   */
  readonly live$: Observable<boolean>
  /** The same topic with another start. */
  from(start: From): Topic<T, M>
  /** Resolves when the hub has accepted it; rejects with a HoldfastError that has an `outcome`. */
  publish(data: T, options?: PublishOptions): Promise<Receipt>
  /** Publishes; a failure is reported to `errors$`. */
  next(data: T): void
  /** Leaves the topic alone, as `complete` does: the end of one source is not the end of the topic. */
  error(error: unknown): void
  complete(): void
}
