import { HoldfastError, inboxTopic, type TopicEvent } from '@holdfast/protocol'
import type { Observable, Subscriber } from 'rxjs'
import type { Outbox } from './outbox.ts'
import type { Streams } from './streams.ts'
import type { Topics } from './topics.ts'

/** Messages that wait for the inbox's first subscriber; beyond that the oldest goes, and is reported. */
export const inboxWaiting = 1_000

/** The session's private log: messages of the hub to this client alone, and the answers to its requests. */
export function createInbox(topics: Topics, outbox: Outbox, { stream, report }: Streams): Observable<unknown> {
  const subscribers = new Set<Subscriber<unknown>>()
  let waiting: unknown[] = []
  let ended = false

  function message(data: unknown): void {
    for (const subscriber of [...subscribers]) subscriber.next(data)
    if (subscribers.size > 0) return
    waiting.push(data)
    if (waiting.length <= inboxWaiting) return
    waiting.shift()
    report(new HoldfastError('queue-full', 'nobody listens to the inbox, and its oldest message was dropped'))
  }

  function emit(event: TopicEvent<unknown>): void {
    if (event.type === 'gap') {
      outbox.failHanded('inbox-gap', 'the answer may be among what the inbox no longer has', 'request')
      report(new HoldfastError('inbox-gap', `messages to this client were lost: ${event.from} to ${event.to}`))
    } else if (event.type === 'message') {
      const [kind, n] = event.id?.split('.') ?? []
      if (kind) outbox.answered(Number(n), kind === 'error', event.data)
      else message(event.data)
    }
  }

  function complete(): void {
    ended = true
    for (const subscriber of [...subscribers]) subscriber.complete()
  }

  topics.listen(inboxTopic, 'start', { next: emit, error: complete, complete })

  return stream((subscriber) => {
    const before = waiting
    waiting = []
    for (const data of before) subscriber.next(data)
    if (ended) subscriber.complete()
    subscribers.add(subscriber)
    return () => subscribers.delete(subscriber)
  })
}
