import type { Credentials, Hub, Question } from '@holdfast/server'
import { mayUseSystem } from '../src/systems/server.ts'
import type { User } from '../src/systems/topics.ts'

/** One sample of the server's own condition. */
export interface Metrics {
  readonly cpuPercent: number
  readonly rssBytes: number
  readonly heapBytes: number
  readonly loopDelayMs: number
  readonly loopDelayMaxMs: number
  readonly sessions: number
  readonly messagesPerSecond: number
}

/** The promise made countable: `n` is the tick's own number, from 1 in each run of the server. */
export interface Tick {
  readonly n: number
}

/** Anyone may be anyone: the token is a visitor's name. A real application would verify it. */
export function visitor({ token }: Credentials): User {
  return { id: token?.slice(0, 32) || 'guest' }
}

const readable = new Set(['metrics', 'ticks'])

export function mayUse(question: Question<User>): boolean {
  const { topic, action } = question
  return (action === 'subscribe' && readable.has(topic)) || mayUseSystem(question)
}

export function declareTopics(hub: Hub<User>): void {
  // A minute of each is what the page shows; an outage of more than that shows what a gap is.
  hub.topics('metrics', { history: { count: 300 } })
  hub.topics('ticks', { history: { count: 1500 } })
}
