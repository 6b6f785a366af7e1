import { HoldfastError, inboxTopic, type TopicEvent } from '@holdfast/protocol'
import type { Observable, Subscriber } from 'rxjs'
import type { Topics } from './topics.ts'

/** Messages that wait for the inbox's first subscriber; beyond that the oldest goes, and is reported. */
export const inboxWaiting = 1_000

export interface Answer {
  resolve(data: unknown): void
  reject(error: HoldfastError): void
}

export type Inbox = ReturnType<typeof createInbox>

/** The session's private log: messages of the hub to this client alone, and the answers to its requests. */
export function createInbox(
  topics: Topics,
  stream: (open: (to: Subscriber<unknown>) => () => void) => Observable<unknown>,
  report: (error: unknown) => void,
) {
  const requests = new Map<number, Answer>()
  const subscribers = new Set<Subscriber<unknown>>()
  let waiting: unknown[] = []
  let ended: { error?: unknown } | null = null

  function failRequests(code: string, message: string): void {
    const lost = [...requests.values()]
    requests.clear()
    for (const answer of lost) answer.reject(new HoldfastError(code, message, { outcome: 'unknown' }))
  }

  function answer(id: string, data: unknown): void {
    const [kind, number] = id.split('.')
    const request = requests.get(Number(number))
    requests.delete(Number(number))
    if (kind === 'reply') request?.resolve(data)
    else {
      const [code, message] = data as [string, string]
      request?.reject(new HoldfastError(code, message, { outcome: 'rejected' }))
    }
  }

  function message(data: unknown): void {
    for (const subscriber of [...subscribers]) subscriber.next(data)
    if (subscribers.size > 0) return
    waiting.push(data)
    if (waiting.length <= inboxWaiting) return
    waiting.shift()
    report(new HoldfastError('queue-full', `nobody listens to the inbox, and more than ${inboxWaiting} messages wait`))
  }

  function emit(event: TopicEvent<unknown>): void {
    if (event.type === 'gap') {
      failRequests('inbox-gap', 'the answer may be among what the inbox no longer has')
      report(new HoldfastError('inbox-gap', `messages to this client were lost: ${event.from} to ${event.to}`))
    } else if (event.type === 'message') {
      if (event.id) answer(event.id, event.data)
      else message(event.data)
    }
  }

  const end = (error?: unknown) => {
    ended = error === undefined ? {} : { error }
    for (const subscriber of [...subscribers]) error === undefined ? subscriber.complete() : subscriber.error(error)
    subscribers.clear()
  }
  topics.listen(inboxTopic, {
    from: 'start',
    after: null,
    joined: false,
    emit,
    fail: end,
    complete: () => end(),
  })

  return {
    messages$: stream((subscriber) => {
      if (ended) ended.error === undefined ? subscriber.complete() : subscriber.error(ended.error)
      subscribers.add(subscriber)
      const before = waiting
      waiting = []
      for (const data of before) subscriber.next(data)
      return () => subscribers.delete(subscriber)
    }),
    /** The answer to request `n` is waited for here. */
    expect(n: number, answer: Answer): void {
      requests.set(n, answer)
    },
    forget(n: number): void {
      requests.delete(n)
    },
    get isWaiting() {
      return requests.size > 0
    },
    failRequests,
  }
}
