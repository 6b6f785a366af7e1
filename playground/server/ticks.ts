import type { Hub } from '@holdfast/server'
import type { User } from '../src/systems/topics.ts'
import type { Tick } from './topics.ts'

const everyMs = 50

/** Counts aloud, so that every page can check for itself that no number is missing, doubled or out of order. */
export function publishTicks(hub: Hub<User>): () => void {
  const topic = hub.topic<Tick>('ticks')
  let n = 0
  const timer = setInterval(() => {
    n += 1
    topic.next({ n })
  }, everyMs)
  return () => clearInterval(timer)
}
