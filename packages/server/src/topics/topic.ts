import type {
  From,
  GapEvent,
  MessageEvent,
  PublishOptions,
  Receipt,
  SnapshotEvent,
  StandardSchema,
  Topic,
  TopicAddress,
  TopicEvent,
} from '@holdfast/protocol'
import { applySchema, decodePayload, HoldfastError, parseFrom, Stream, topicNameFault } from '@holdfast/protocol'
import type { Observable, Subscriber } from 'rxjs'
import { filter, map } from 'rxjs'
import { publishFailure } from '../broker/failures.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import { receiptOf } from '../broker/receipts.ts'
import { drawId } from '../clock.ts'
import type { Context } from '../context.ts'
import { Reader } from '../links/reader.ts'
import type { SessionHandle } from '../sessions/session.ts'
import type { Feed } from './feed.ts'
import type { Located } from './locate.ts'
import { locate } from './locate.ts'
import { createDraft, givePayload, payloadValue } from './publishing.ts'
import type { Taken, TakeSnapshot } from './snapshots.ts'
import { snapshotsOf } from './snapshots.ts'
import type { Topics } from './topics.ts'
import type { Wire } from './wire.ts'

/** What a client published, and who it was; `session` and `user` are null for what a hub published. */
export interface HubMessage<T, User = unknown> extends MessageEvent<T> {
  readonly session: SessionHandle<User> | null
  readonly user: User | null
}

export type HubTopic<T, User = unknown> = Topic<T, HubMessage<T, User>>

export interface HubTopicOptions<T = unknown> {
  /** Where its subscribers start. Default 'live'. */
  from?: From
  /** What is published has to pass it, here too; what clients publish passes that of `hub.topics`. */
  schema?: StandardSchema<unknown, T>
}

export interface HubTopicParts {
  topics: Topics
  handle(id: string, user: unknown): SessionHandle
  /** Subscribers complete when the hub closes. */
  subscribers: Set<{ complete(): void }>
  isOpen(): boolean
}

/** A topic as the hub's own user has it. */
export function createHubTopic<T, User>(
  context: Context,
  parts: HubTopicParts,
  { name, schema }: TopicAddress<T>,
  from: From,
): HubTopic<T, User> {
  const { topics, handle, subscribers, isOpen } = parts
  type Event = TopicEvent<T, HubMessage<T, User>>
  const fault = topicNameFault(name)
  // As long as it is this one: each use by its name would look for it among all.
  let known: Feed | null = null
  const report = (error: unknown) => context.report('listener-failed', `a listener of '${name}' failed`, error)

  const events$: Observable<Event> = new Stream<Event>(report, (subscriber) => {
    let reader: Reader | null = null
    const failed = (error: unknown) => subscriber.error(error)
    subscribers.add(subscriber)
    begin(subscriber).then((begun) => {
      reader = begun
      if (subscriber.closed) reader.stop()
      else reader.pump()
    }, failed)
    return () => {
      subscribers.delete(subscriber)
      reader?.stop()
    }
  })

  // Nothing is between the hub and its topics: they are live until it closes.
  const live$ = new Stream<boolean>(report, (subscriber) => {
    const watcher = {
      complete() {
        subscriber.next(false)
        subscriber.complete()
      },
    }
    if (!isOpen()) return watcher.complete()
    subscribers.add(watcher)
    subscriber.next(true)
    return () => subscribers.delete(watcher)
  })

  async function begin(subscriber: Subscriber<Event>): Promise<Reader> {
    const start = parseFrom(typeof from === 'object' ? `last-${from.last}` : from)
    if (!start) throw new HoldfastError('bad-cursor', `'${from}' is no place to start`)
    const asked = start.at === 'live' ? topics.peek(name) : undefined
    const feed = topics.feed(name)
    const takeSnapshot = snapshotsOf(feed, context)
    const position = await locate(feed, start, asked, takeSnapshot)
    return new HubReader(feed, position, takeSnapshot, subscriber, message)
  }

  function message({ cursor, entry }: Wire): HubMessage<T, User> {
    const { epoch, offset, time, id } = entry
    const user = (entry.user === undefined ? null : JSON.parse(entry.user)) as User | null
    const dot = id?.lastIndexOf('.') ?? -1
    const session = id === undefined || dot < 0 ? null : (handle(id.slice(0, dot), user) as SessionHandle<User>)
    // Each listener has its own data: one that changes it harms nobody.
    const data = decodePayload(context.lastRead.take(entry.data), entry.encoding) as T
    return id === undefined
      ? { type: 'message', data, cursor, offset, epoch, time, session, user }
      : { type: 'message', data, cursor, offset, epoch, time, session, user, id }
  }

  async function publish(data: T, { signal, onSent }: PublishOptions = {}): Promise<Receipt> {
    if (signal?.aborted) throw new HoldfastError('aborted', 'given up', { outcome: 'not-sent' })
    if (fault) throw new HoldfastError('bad-topic', fault)
    const payload = givePayload(context, applySchema(schema, data, `'${name}'`, 'not-sent'))
    if (!known || known.closed) known = topics.feed(name)
    const feed = known
    // Only where it is asked for: else it would make each entry longer, everywhere.
    const id = onSent && drawId(context.random, 22)
    const draft = createDraft(context, feed.declared, payload, id === undefined ? {} : { id })
    try {
      if (id !== undefined) onSent?.(id)
    } catch (error) {
      report(error)
    }
    try {
      const applied = feed.log.append(draft)
      return receiptOf(isPromise(applied) ? await applied : applied)
    } catch (cause) {
      throw publishFailure(`the publish to '${name}'`, cause)
    }
  }

  const messages$ = events$.pipe(
    filter((event): event is HubMessage<T, User> => event.type === 'message'),
    map(({ data }) => data),
  )
  const topic = new Stream<T>(report, (subscriber) => messages$.subscribe(subscriber))
  return Object.assign(topic, {
    name,
    events$,
    live$,
    from: (start: From) => createHubTopic<T, User>(context, parts, { name, schema }, start),
    publish,
    next(data: T): void {
      publish(data).catch((error) => context.report(error.code, `a publish to '${name}' failed`, error))
    },
    error(): void {},
    complete(): void {},
  })
}

/** Reads a topic for a subscriber at the hub. */
class HubReader<Event> extends Reader {
  readonly #subscriber: Subscriber<Event | GapEvent | SnapshotEvent>
  readonly #message: (wire: Wire) => Event

  constructor(
    feed: Feed,
    start: Located,
    takeSnapshot: TakeSnapshot | null,
    subscriber: Subscriber<Event | GapEvent | SnapshotEvent>,
    message: (wire: Wire) => Event,
  ) {
    super(feed, start, takeSnapshot)
    this.#subscriber = subscriber
    this.#message = message
  }

  protected override room(): boolean {
    return true
  }

  protected override entry(wire: Wire): void {
    this.#subscriber.next(this.#message(wire))
  }

  protected override gap(gap: GapEvent): void {
    this.#subscriber.next(gap)
  }

  protected override snapshot({ cursor, payload }: Taken): void {
    this.#subscriber.next({ type: 'snapshot', data: payloadValue(payload), cursor } satisfies SnapshotEvent)
  }

  protected override failed(error: unknown): void {
    this.#subscriber.error(error)
  }
}
