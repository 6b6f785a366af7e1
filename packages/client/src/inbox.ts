import { HoldfastError, inboxTopic, type TopicEvent } from '@holdfast/protocol'
import type { Observable } from 'rxjs'
import type { Outbox } from './outbox.ts'
import { createOutlet } from './outlet.ts'
import type { Streams } from './streams.ts'
import type { Topics } from './topics.ts'

/** Messages that wait for the inbox's first subscriber; beyond that the oldest goes, and is reported. */
const inboxWaiting = 1_000

/** The session's private log: messages of the hub to this client alone, and the answers to its requests. */
export function createInbox(topics: Topics, outbox: Outbox, { stream, report }: Streams): Observable<unknown> {
  const messages = createOutlet<unknown>()
  const waiting: unknown[] = []

  function message(data: unknown): void {
    if (messages.observed) return messages.next(data)
    waiting.push(data)
    if (waiting.length <= inboxWaiting) return
    waiting.shift()
    report(new HoldfastError('queue-full', 'nobody listens to the inbox: the oldest was dropped'))
  }

  function emit(event: TopicEvent<unknown>): void {
    if (event.type === 'gap') {
      outbox.failAsked('inbox-gap', 'the answer may be among what was lost')
      report(new HoldfastError('inbox-gap', `messages were lost: ${event.from} to ${event.to}`))
    } else if (event.type === 'message') {
      const [kind, n] = event.id?.split('.') ?? []
      if (kind) outbox.answered(Number(n), kind === 'error', event.data)
      else message(event.data)
    }
  }

  topics.listen(inboxTopic, 'start', { next: emit, error: messages.end, complete: messages.end })

  return stream((subscriber) => {
    for (const data of waiting.splice(0)) subscriber.next(data)
    return messages.listen(subscriber)
  })
}
