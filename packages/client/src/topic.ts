import {
  type Cursor,
  type From,
  type PublishOptions,
  parseFrom,
  type Receipt,
  type Topic,
  type TopicEvent,
  topicNameFault,
} from '@holdfast/protocol'
import { type Ended, notSent, type Send } from './sender.ts'
import type { Streams } from './streams.ts'
import type { Topics } from './topics.ts'
import { type Hearer, positionOf, wireFrom } from './wire-topic.ts'

/** @param from where each of its subscribers starts; default 'live' */
export function createTopic<T>(
  name: string,
  from: From,
  topics: Topics,
  { stream, report }: Streams,
  send: Send,
  ended: Ended,
): Topic<T> {
  const fault = topicNameFault(name)

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
    publish,
    next: (data: T) => void publish(data).catch(report),
    error() {},
    complete() {},
  })
}
