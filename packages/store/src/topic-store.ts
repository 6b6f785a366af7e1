import type { MessageEvent, PublishOptions, Receipt } from '@holdfast/protocol'
import { createStore, type EventPayloadMap, type Store, type StoreExtension, type StoreSnapshot } from '@xstate/store'
import { atOnce, createCoalesced, eachFrame, every, guarded } from './coalesce.ts'
import { asError, type TopicContext } from './context.ts'
import { createFold, type FoldEvent, type FoldEvents, type FoldOptions, type TopicLogic } from './fold.ts'
import { createInterest } from './interest.ts'
import { createJoin, type Loader } from './join.ts'
import { isHydrated, rehydrate, resumable } from './resumable.ts'
import type { StoreSource } from './source.ts'

export interface TopicStoreOptions<S, T> extends FoldOptions<S, T> {
  /** Where the state comes from at the start and after each gap. Default: the hub's own snapshots, where the topic starts with one. */
  readonly snapshot?: Loader<S> | undefined
  /** Subscribers are told of changes at most so often, in ms; 0: of each at once. Default: once a frame of the browser. */
  readonly everyMs?: number | undefined
  /** A subscriber or a function of this store's that threw. Default: `console.error`. */
  readonly report?: ((error: unknown) => void) | undefined
  /** ms since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** A store of `@xstate/store`, with what a topic brings along. */
export interface TopicStore<S, T, Events extends EventPayloadMap = FoldEvents<S, T>>
  extends Omit<Store<TopicContext<S, T>, Events, never>, 'with'> {
  /** Publishes to the topic; pending until its entry is there. Rejects as the topic's `publish` does. */
  publish(data: T, options?: PublishOptions): Promise<Receipt>
  /** Follows the topic: again after `stop`, after it rested, or after the hub refused. It is started when it is made. */
  start(): void
  /** Leaves the topic; the state stays, as stale. */
  stop(): void
  with<More extends EventPayloadMap>(
    extension: StoreExtension<TopicContext<S, T>, Events, More, never>,
  ): TopicStore<S, T, Events & More>
}

/** What waits for a read or a frame is folded when it is so many, should neither come. */
const maxBatch = 10_000

/** Folds a topic into a state, from now on. `message` or `messages` says how. */
export function topicStore<S, T>(topic: StoreSource<T>, options: TopicStoreOptions<S, T>): TopicStore<S, T> {
  const { report = console.error } = options
  return createTopicStore(topic, options, createFold<S, T>(options, report))
}

function createTopicStore<S, T>(
  source: StoreSource<T>,
  options: TopicStoreOptions<S, T>,
  logic: TopicLogic<S, T>,
): TopicStore<S, T> {
  type Snapshot = StoreSnapshot<TopicContext<S, T>>
  const { everyMs, report = console.error, now = Date.now } = options
  const store = createStore(resumable(logic)) as unknown as Store<TopicContext<S, T>, FoldEvents<S, T>, never>
  const { get: read, on } = store
  const dispatch = guarded(store.send, report)
  /** Not folded yet. */
  let arrived: MessageEvent<T>[] = []
  let lastKey = 0

  const join = createJoin<S, T>(source, options.snapshot, {
    message(event) {
      arrived.push(event)
      if (options.messages && arrived.length < maxBatch) coalesced.changed()
      else foldArrived()
    },
    send,
    cursor: () => current().context.cursor,
    ended: () => interest.ended(),
    now,
  })
  // What rests must know where to go on.
  const interest = createInterest(join, () => options.snapshot !== undefined || current().context.cursor !== null)
  const schedule = everyMs === undefined ? eachFrame : everyMs > 0 ? every(everyMs) : atOnce
  const coalesced = createCoalesced({
    schedule,
    report,
    settle: foldArrived,
    sized: () => interest.subscribers(coalesced.size),
  })

  function foldArrived(): void {
    if (arrived.length === 0) return
    const events = arrived
    arrived = []
    apply({ type: 'messages', events })
  }

  function send(event: FoldEvent<S, T>): void {
    foldArrived()
    apply(event)
  }

  /** From outside: an extension may have put another state in place, and the topic goes on from that one. */
  function sendFrom(event: FoldEvent<S, T>): void {
    const { cursor } = current().context
    send(event)
    const hasMoved = join.isRunning && current().context.cursor !== cursor
    if (hasMoved || (event.type as string) === rehydrate) interest.restart()
  }

  function apply(event: FoldEvent<S, T>): void {
    dispatch(event)
    // The store itself does not tell of what changes while it tells.
    coalesced.changed()
  }

  function current(): Snapshot {
    foldArrived()
    return read()
  }

  function get(): Snapshot {
    interest.read()
    return current()
  }

  async function publish(data: T, publishOptions: PublishOptions = {}): Promise<Receipt> {
    const key = ++lastKey
    const onSent = (id: string) => {
      send({ type: 'sent', key, id })
      publishOptions.onSent?.(id)
    }
    send({ type: 'published', key, data })
    try {
      if (!source.publish) throw new TypeError('this topic takes no messages')
      const receipt = await source.publish(data, { ...publishOptions, onSent })
      send({ type: 'accepted', key, cursor: receipt.cursor })
      return receipt
    } catch (error) {
      send({ type: 'rejected', key, error: asError(error) })
      throw error
    }
  }

  store.subscribe(coalesced.changed)
  const made: TopicStore<S, T> = Object.assign(store, coalesced.readable(get), {
    send: sendFrom,
    on: (type: never, told: (emitted: never) => void) => on(type, guarded(told, report)),
    getSnapshot: get,
    select<V>(selector: (context: TopicContext<S, T>) => V, isSame?: (before: V, now: V) => boolean) {
      return coalesced.readable(remembered(get, selector, isSame), isSame)
    },
    with(extension: (logic: TopicLogic<S, T>) => TopicLogic<S, T>) {
      made.stop()
      return createTopicStore(source, options, extension(logic))
    },
    publish(data: T, publishOptions?: PublishOptions) {
      const published = publish(data, publishOptions)
      // Who does not wait for it finds it in the context.
      published.catch(() => {})
      return published
    },
    start: interest.start,
    stop: interest.stop,
  }) as never
  if (isHydrated(read())) interest.start()
  return made
}

/** The selection of the newest snapshot, the same as before where it is. */
function remembered<C, V>(get: () => StoreSnapshot<C>, selector: (context: C) => V, isSame = Object.is): () => V {
  let of: StoreSnapshot<C> | null = null
  let selected: V
  return () => {
    const snapshot = get()
    if (snapshot === of) return selected
    const next = selector(snapshot.context)
    if (of === null || !isSame(selected, next)) selected = next
    of = snapshot
    return selected
  }
}
