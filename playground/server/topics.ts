import type { Credentials, Hub, Question } from '@holdfast/server'
import { mayUseSystem } from '../src/systems/server.ts'
import type { User } from '../src/systems/topics.ts'

/** The promise made countable: `n` is the tick's own number, from 1 in each run of the server. */
export interface Tick {
  readonly n: number
}

/** Anyone may be anyone: the token is a visitor's name. A real application would verify it. */
export function visitor({ token }: Credentials): User {
  return { id: token?.slice(0, 32) || 'guest' }
}

export function mayUse(question: Question<User>): boolean {
  const { topic, action } = question
  return (action === 'subscribe' && topic === 'ticks') || mayUseSystem(question)
}

export function declareTopics(hub: Hub<User>): void {
  // An outage of more than a minute shows what a gap is.
  hub.topics('ticks', { history: { count: 1200 } })
}
