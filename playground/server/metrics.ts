import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Hub } from '@holdfast/server'
import type { User } from '../src/systems/topics.ts'
import type { Metrics } from './topics.ts'

const everyMs = 250

/** Measures this process and publishes what it finds. */
export function publishMetrics(hub: Hub<User>): () => void {
  const topic = hub.topic<Metrics>('metrics')
  const loop = monitorEventLoopDelay({ resolution: 10 })
  const messages = countMessages(hub)
  let cpu = process.cpuUsage()
  let at = performance.now()
  loop.enable()

  const timer = setInterval(() => {
    const used = process.cpuUsage(cpu)
    const elapsedMs = performance.now() - at
    cpu = process.cpuUsage()
    at = performance.now()
    const { rss, heapUsed } = process.memoryUsage()
    topic.next({
      cpuPercent: round((used.user + used.system) / 10 / elapsedMs),
      rssBytes: rss,
      heapBytes: heapUsed,
      loopDelayMs: delayMs(loop.mean),
      loopDelayMaxMs: delayMs(loop.max),
      sessions: countSessions(hub),
      messagesPerSecond: round((messages.take() * 1000) / elapsedMs),
    })
    loop.reset()
  }, everyMs)

  return () => {
    clearInterval(timer)
    loop.disable()
    messages.stop()
  }
}

/** What the histogram holds is the time between two looks, 10 ms when nothing is late. */
function delayMs(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? round(Math.max(0, nanoseconds / 1e6 - 10)) : 0
}

function countMessages(hub: Hub<User>): { take(): number; stop(): void } {
  let count = 0
  const subscriptions = ['metrics', 'ticks', 'chat:lobby'].map((name) =>
    hub.topic(name).subscribe(() => {
      count += 1
    }),
  )
  return {
    take() {
      const taken = count
      count = 0
      return taken
    },
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe()
    },
  }
}

function countSessions(hub: Hub<User>): number {
  const { sessions } = hub.stats()
  return Object.values(sessions).reduce((sum, count) => sum + count, 0)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
