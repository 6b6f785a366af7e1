/** The yardsticks: what a connection costs without any of ours, through the same proxy. */
import { WebSocket } from 'ws'
import type { World } from './world.ts'

export async function bareWebSocket(world: World, latencyMs: number): Promise<number> {
  const network = await world.network({ latencyMs })
  const startedAt = performance.now()
  const socket = new WebSocket(`${network.url.replace('http', 'ws')}/bare/ws`)
  try {
    await new Promise((resolve, reject) => {
      socket.onmessage = resolve
      socket.onerror = reject
    })
    return performance.now() - startedAt
  } finally {
    socket.terminate()
    await network.close()
  }
}

export async function bareSse(world: World, latencyMs: number): Promise<number> {
  const network = await world.network({ latencyMs })
  const abort = new AbortController()
  const startedAt = performance.now()
  try {
    const { signal } = abort
    const response = await fetch(`${network.url}/bare/sse`, { method: 'POST', body: '{}', signal, cache: 'no-store' })
    await response.body?.getReader().read()
    return performance.now() - startedAt
  } finally {
    abort.abort()
    await network.close()
  }
}
