import type { Cursor, PublishOptions, Receipt, TopicEvent } from '@holdfast/protocol'

export interface Watchable<V> {
  subscribe(observer: { next?: (value: V) => void; error?: (error: unknown) => void; complete?: () => void }): {
    unsubscribe(): void
  }
}

/** What a store needs of a topic. A `Topic` of the client or of the hub is one; what is optional may be missing elsewhere. */
export interface StoreSource<T> {
  readonly events$: Watchable<TopicEvent<T>>
  /** Whether it is being sent at this moment. Without it, while it is subscribed to. */
  readonly live$?: Watchable<boolean>
  /** The same from another start: needed by `snapshot`, `hydrate`, `persist` and stores that have rested. */
  from?(start: Cursor): StoreSource<T>
  publish?(data: T, options?: PublishOptions): Promise<Receipt>
}
