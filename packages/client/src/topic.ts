import {
  type Cursor,
  type From,
  type PublishOptions,
  parseFrom,
  type Receipt,
  type Topic,
  type TopicAddress,
  type TopicEvent,
  topicNameFault,
} from '@holdfast/protocol'
import { type Ended, notSent, type Send } from './sender.ts'
import type { Streams } from './streams.ts'
import type { Topics } from './topics.ts'
import { type Hearer, positionOf, wireFrom } from './wire-topic.ts'

export interface TopicParts {
  readonly topics: Topics
  readonly streams: Streams
  readonly send: Send
  readonly ended: Ended
}

/** @param from where each of its subscribers starts */
export function createTopic<T>(parts: TopicParts, { name, schema }: TopicAddress<T>, from: From): Topic<T> {
  const { topics, send, ended } = parts
  const { stream, report } = parts.streams
  const fault = topicNameFault(name, true)

  function open(to: Hearer): (() => void) | undefined {
    const start = wireFrom(from)
    const end = ended()
    if (fault) to.error(notSent('bad-topic', fault))
    else if (!parseFrom(start)) to.error(notSent('bad-cursor', `no start: ${start}`))
    else if (end?.code === 'closed') to.complete()
    else if (end) to.error(end)
    else return topics.listen(name, start, to)
  }

  async function publish(data: T, options: PublishOptions = {}): Promise<Receipt> {
    if (fault) throw notSent('bad-topic', fault)
    const cursor = (await send('publish', name, data, options)) as Cursor
    return { cursor, ...positionOf(cursor) }
  }

  const events$ = stream<TopicEvent<T>>((subscriber) => open(subscriber as Hearer))
  const messages$ = stream<T>((subscriber) =>
    open({
      next: (event) => event.type === 'message' && subscriber.next(event.data as T),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  )
  return Object.assign(messages$, {
    name,
    events$,
    live$: stream<boolean>((subscriber) => topics.watchLive(name, subscriber)),
    from: (start: From) => createTopic(parts, { name, schema }, start),
    publish,
    next: (data: T) => void publish(data).catch(report),
    error() {},
    complete() {},
  })
}
