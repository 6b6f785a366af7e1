import { getEventListeners } from 'node:events'
import type { Connection, ConnectOptions, MessageEvent, TransportName } from '@holdfast/client'
import type { HubOptions } from '@holdfast/server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { intact, tally } from './support/tally.ts'
import { createWorld, online, open, type World } from './support/world.ts'

let world: World
const warn = vi.spyOn(console, 'warn')
beforeEach(() => {
  warn.mockClear()
})
afterEach(async () => {
  await world.close()
  expect(warn).not.toHaveBeenCalled()
})

/** A connection on this transport alone, and what the hub has been given of the topic `up`. */
async function begin(transport: TransportName, options: ConnectOptions = {}, hub: HubOptions = {}) {
  world = await createWorld({ ...open, history: { count: 5_000 }, ...hub })
  const up = tally()
  const applied = new Map<number, number>()
  world.hub.topic<number>('up').events$.subscribe((event) => {
    if (event.type !== 'message') return
    applied.set(event.data, (event as MessageEvent<number>).offset)
    up.take(event.data)
  })
  const connection = world.connect({ transports: [transport], ...options })
  await online(connection, transport)
  return { connection, up, applied }
}

/** Publishes 0 to count - 1 in one go; the promises of their receipts' offsets. */
const publishAll = (connection: Connection, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const { offset } = await connection.topic('up').publish(n)
      return [n, offset] as const
    }),
  )

const posts = () => world.proxy.stats.requests['POST /realtime/send'] ?? 0

describe.each(['websocket', 'sse', 'poll'] as const)('%s', (transport) => {
  test('1,000 publishes made while offline arrive in order, in few POSTs', async () => {
    const { connection, up, applied } = await begin(transport)
    world.proxy.set({ block: 'refuse' })
    await expect.poll(() => connection.getState().phase, { interval: 5 }).toBe('reconnecting')
    const receipts = publishAll(connection, 1_000)
    expect(connection.getState().pending).toBe(1_000)
    const before = posts()

    world.proxy.heal()
    connection.reconnect()
    expect(new Map(await receipts)).toEqual(applied)
    console.log(`${transport}: 1,000 after being offline in ${posts() - before} POSTs`)
    expect(posts() - before).toBeLessThanOrEqual(20)
    expect(up.count).toEqual(intact(1_000))
    expect(connection.getState().pending).toBe(0)
  })

  test('600 publishes at a round trip of 80 ms', async () => {
    const { connection, up, applied } = await begin(transport)
    await connection.topic('up').publish(0)
    world.proxy.set({ latencyMs: 40 })
    await connection.request('nothing').catch(() => {})
    up.count.received = 0

    const begun = performance.now()
    const receipts = new Map(
      await Promise.all(
        Array.from({ length: 600 }, async (_, n) => {
          const { offset } = await connection.topic('up').publish(n + 1)
          return [n + 1, offset] as const
        }),
      ),
    )
    const tookMs = performance.now() - begun
    console.log(`${transport}: 600 at a round trip of 80 ms took ${Math.round(tookMs)} ms`)
    expect(tookMs).toBeLessThan(1_000)
    expect(tookMs).toBeGreaterThan(75)
    expect(up.count).toEqual(intact(600))
    applied.delete(0)
    expect(receipts).toEqual(applied)
  })
})

test.each(['sse', 'poll'] as const)(
  '%s: what was applied though its answer was lost is not applied again',
  async (transport) => {
    const { connection, up, applied } = await begin(transport)
    const receipts: Promise<readonly [number, number]>[] = []
    const publish = async (n: number) => [n, (await connection.topic('up').publish(n)).offset] as const

    let sent = 0
    for (let round = 0; round < 2; round++) {
      world.proxy.set({ post: 'lose-response' })
      const lost = world.proxy.next({ event: 'cut' })
      for (let i = 0; i < 25; i++) receipts.push(publish(sent++))
      await lost
      // Some are handed over with what is sent again, others after it.
      for (let i = 0; i < 25; i++) receipts.push(publish(sent++))
      world.proxy.heal()
      connection.reconnect()
      await receipts.at(-1)
    }
    expect(new Map(await Promise.all(receipts))).toEqual(applied)
    expect(up.count).toEqual(intact(100))
  },
)

test.each(['sse', 'poll'] as const)('%s: an idle link sends no more than its heartbeats ask for', async (transport) => {
  const heartbeatMs = 100
  const { connection } = await begin(transport, {}, { heartbeatMs })
  await connection.topic('up').publish(0)
  const begun = performance.now()
  const before = posts()
  // An ack and a ping for each, perhaps apart.
  for (let n = 0; n < 20; n++) await world.proxy.next({ event: 'request', path: '/realtime/send' })
  const tookMs = performance.now() - begun
  expect(posts() - before).toBe(20)
  expect(tookMs).toBeGreaterThan(8 * heartbeatMs)
})

test('what waits leaves together, and nothing is left on a signal for each POST', async () => {
  const signals = new Set<AbortSignal>()
  const { connection, up } = await begin('sse', {
    fetch: (url, init) => {
      signals.add(init.signal as AbortSignal)
      return fetch(url, init)
    },
  })
  for (let n = 0; n < 50; n++) await connection.topic('up').publish(n)
  expect(up.count).toEqual(intact(50))
  expect(Math.max(...[...signals].map((signal) => getEventListeners(signal, 'abort').length))).toBeLessThan(10)
})
