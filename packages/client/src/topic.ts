import {
  type Cursor,
  type From,
  HoldfastError,
  type PublishOptions,
  parseFrom,
  type Receipt,
  Stream,
  type Topic,
  type TopicEvent,
  topicNameFault,
} from '@holdfast/protocol'
import type { Observable, Subscriber } from 'rxjs'
import type { Ended, Send } from './sender.ts'
import type { Report, Streams } from './streams.ts'
import type { Topics } from './topics.ts'
import { positionOf, wireFrom } from './wire-topic.ts'

export interface TopicDeps {
  readonly topics: Topics
  readonly streams: Streams
  readonly report: Report
  readonly send: Send
  readonly ended: Ended
}

/** @param from where each of its subscribers starts; default 'live' */
export function createTopic<T>(name: string, from: From, deps: TopicDeps): Topic<T> {
  return new ClientTopic<T>(name, from, deps)
}

class ClientTopic<T> extends Stream<T> implements Topic<T> {
  readonly name: string
  readonly events$: Observable<TopicEvent<T>>
  readonly #deps: TopicDeps

  constructor(name: string, from: From, deps: TopicDeps) {
    super(deps.report, (subscriber) =>
      open(deps, name, from, subscriber, (event) => event.type === 'message' && subscriber.next(event.data as T)),
    )
    this.name = name
    this.#deps = deps
    this.events$ = deps.streams.stream<TopicEvent<T>>((subscriber) =>
      open(deps, name, from, subscriber, (event) => subscriber.next(event as TopicEvent<T>)),
    )
  }

  async publish(data: T, options: PublishOptions = {}): Promise<Receipt> {
    const fault = topicNameFault(this.name)
    if (fault) throw notSent('bad-topic', fault)
    const cursor = (await this.#deps.send('publish', this.name, data, options)) as Cursor
    return { cursor, ...positionOf(cursor) }
  }

  next(data: T): void {
    this.publish(data).catch(this.#deps.report)
  }

  error(): void {}
  complete(): void {}
}

function open<E>(
  { topics, ended }: TopicDeps,
  name: string,
  from: From,
  subscriber: Subscriber<E>,
  emit: (event: TopicEvent<unknown>) => void,
): () => void {
  const start = wireFrom(from)
  const fault = topicNameFault(name)
  const end = ended()
  if (fault) subscriber.error(notSent('bad-topic', fault))
  else if (!parseFrom(start))
    subscriber.error(new HoldfastError('bad-cursor', `no start: ${start}`, { outcome: 'not-sent' }))
  else if (end?.code === 'closed') subscriber.complete()
  else if (end) subscriber.error(end)
  if (subscriber.closed) return () => {}
  return topics.listen(name, {
    from: start,
    after: null,
    joined: false,
    emit,
    fail: (error) => subscriber.error(error),
    complete: () => subscriber.complete(),
  })
}

const notSent = (code: string, message: string) => new HoldfastError(code, message, { outcome: 'not-sent' })
