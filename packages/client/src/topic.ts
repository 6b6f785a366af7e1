import {
  applySchema,
  type From,
  isFrom,
  type PublishOptions,
  type Receipt,
  type Topic,
  type TopicAddress,
  type TopicEvent,
  topicNameFault,
} from '@holdfast/protocol'
import type { Subscriber } from 'rxjs'
import { type Ended, notSent, type Send } from './sender.ts'
import type { Streams } from './streams.ts'
import type { Topics } from './topics.ts'
import { type Hearer, wireFrom } from './wire-topic.ts'

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
  const target = { name, schema, fault }
  /** Tells its listeners from those of other handles. */
  const handle = {}

  /** A message that does not pass is reported, and skipped. */
  function check(event: TopicEvent<unknown>): TopicEvent<T> | null {
    if (!schema || event.type !== 'message') return event as TopicEvent<T>
    try {
      return { ...event, data: applySchema(schema, event.data, `'${name}'`) }
    } catch (error) {
      report(error)
      return null
    }
  }

  function open<E>(to: Subscriber<E>, next: (event: TopicEvent<T>) => void): (() => void) | undefined {
    const start = wireFrom(from)
    const end = ended()
    if (fault) to.error(notSent('bad-topic', fault))
    else if (!isFrom(start)) to.error(notSent('bad-cursor', `no start: ${start}`))
    else if (end?.code === 'closed') to.complete()
    else if (end) to.error(end)
    else {
      const hearer: Hearer = {
        next(event) {
          const checked = check(event)
          if (checked) next(checked)
        },
        error: (error) => to.error(error),
        complete: () => to.complete(),
      }
      return topics.listen(name, start, hearer, handle)
    }
  }

  const publish = (data: T, options: PublishOptions = {}) => send('publish', target, data, options) as Promise<Receipt>

  const events$ = stream<TopicEvent<T>>((to) => open(to, (event) => to.next(event)))
  const messages$ = stream<T>((to) => open(to, (event) => event.type === 'message' && to.next(event.data)))
  return Object.assign(messages$, {
    name,
    events$,
    live$: stream<boolean>((subscriber) => topics.watchLive(name, subscriber, handle)),
    from: (start: From) => createTopic(parts, { name, schema }, start),
    publish,
    next: (data: T) => void publish(data).catch(report),
    error() {},
    complete() {},
  })
}
