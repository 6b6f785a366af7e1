/** A process with a hub in which topics come and go; run it with --expose-gc. */
import { connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub, memoryBroker } from '@holdfast/server'
import type { Subscription } from 'rxjs'
import { answers } from '../harness/answers.ts'

export interface Heap {
  /** In bytes, after a collection. */
  readonly before: number
  readonly during: number
  readonly after: number
}

// So short that what nobody needs goes within a second; what is left behind is the same with the defaults.
const ttlMs = 400
const pauseMs = 50
const patienceMs = 30_000

const broker = memoryBroker({ sweepMs: pauseMs })
const hub = createHub({
  authorize: () => true,
  broker,
  sessionTtlMs: ttlMs,
  heartbeatMs: 100,
  history: { ageMs: ttlMs },
  limits: { topics: 20_000 },
})
const log = { count: 1, bytes: 1, ageMs: ttlMs, idleMs: ttlMs, compact: false }

// Without any session the hub looks for what is over only at its limit of topics.
connect('http://memory', { transports: [memory(hub)] })

answers({
  async comeAndGo(count: number): Promise<Heap> {
    // Once before, so that code is compiled and tables have grown.
    await pass('first', count)
    const before = heap()
    const during = await pass('then', count)
    return { before, during, after: heap() }
  },
})

/** So many topics, each with a subscriber and a message. Answers the heap with them, once hub and broker have let go of all. */
async function pass(prefix: string, count: number): Promise<number> {
  const names = Array.from({ length: count }, (_, i) => `${prefix}-${i}`)
  const subscriptions: Subscription[] = []
  for (const name of names) {
    const heard = new Promise((resolve) => subscriptions.push(hub.topic(name, { from: 'start' }).subscribe(resolve)))
    await hub.topic(name).publish({ name })
    await heard
  }
  const during = heap()
  for (const subscription of subscriptions) subscription.unsubscribe()
  await gone(names)
  return during
}

async function gone(names: readonly string[]): Promise<void> {
  const until = performance.now() + patienceMs
  while (hub.stats().topics > 0) await wait(until)
  // The broker looks for what is over when it is used, and asking for a log counts as a use of it.
  const last = names.at(-1) ?? ''
  await new Promise((resolve) => setTimeout(resolve, 2 * ttlMs))
  await broker.log('other', log).append({ time: Date.now(), data: '1' })
  if (await broker.log(last, log).state()) throw new Error('the broker keeps a log that nobody needs')
}

async function wait(until: number): Promise<void> {
  if (performance.now() > until) throw new Error(`${hub.stats().topics} topics stay`)
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
}

function heap(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
