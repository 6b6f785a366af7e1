import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Hub } from '@holdfast/server'
import { metrics, type User } from './topics.ts'

const everyMs = 250
const megabyte = 1024 * 1024

/** Measures this process, each gauge on a topic of its own. */
export function serveMetrics(hub: Hub<User>): () => void {
  // A minute is what the plots show; an outage of more than that shows what a gap is.
  hub.topics(metrics, { history: { count: 300 } })
  const loop = monitorEventLoopDelay({ resolution: 10 })
  loop.enable()
  let used = process.cpuUsage()

  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(used)
    used = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    const { websocket, sse, poll } = hub.stats().sessions
    tell('cpu', [(user + system) / 10 / everyMs])
    tell('memory', [rss / megabyte, heapUsed / megabyte])
    // The histogram holds the time between two looks, 10 ms when nothing is late.
    tell('loop', [loop.max / 1e6 - 10, loop.mean / 1e6 - 10])
    tell('sessions', [websocket, sse, poll])
    loop.reset()
  }, everyMs)

  function tell(gauge: string, values: readonly number[]): void {
    hub.topic(metrics({ gauge })).next(values.map((value) => Math.round(Math.max(0, value || 0) * 10) / 10))
  }

  return () => {
    clearInterval(timer)
    loop.disable()
  }
}
