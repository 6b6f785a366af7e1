import {
  type Cursor,
  type From,
  HoldfastError,
  type PublishOptions,
  parseCursor,
  type Receipt,
  Stream,
  type Topic,
  type TopicEvent,
  topicNameFault,
} from '@holdfast/protocol'
import type { Observable } from 'rxjs'
import type { Ended, Send } from './sender.ts'
import type { Report, Streams } from './streams.ts'
import type { Topics } from './topics.ts'
import { type Hearer, positionOf, wireFrom } from './wire-topic.ts'

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
    const events$ = deps.streams.stream<TopicEvent<T>>((subscriber) => open(deps, name, from, subscriber as Hearer))
    super(deps.report, (subscriber) =>
      events$.subscribe({
        next: (event) => event.type === 'message' && subscriber.next(event.data),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    )
    this.name = name
    this.#deps = deps
    this.events$ = events$
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

function open({ topics, ended }: TopicDeps, name: string, from: From, to: Hearer): (() => void) | undefined {
  const fault = topicNameFault(name)
  const isStart = typeof from === 'object' || from === 'live' || from === 'start' || parseCursor(from)
  const end = ended()
  if (fault) to.error(notSent('bad-topic', fault))
  else if (!isStart) to.error(notSent('bad-cursor', `no start: ${from}`))
  else if (end?.code === 'closed') to.complete()
  else if (end) to.error(end)
  else return topics.listen(name, wireFrom(from), to)
}

const notSent = (code: string, message: string) => new HoldfastError(code, message, { outcome: 'not-sent' })
