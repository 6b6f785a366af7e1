import type { Connection, TopicEvent, TransportName } from '@holdfast/client'
import { afterEach, describe, expect, test } from 'vitest'
import { createWorld, online, open, type World } from './support/world.ts'

// A slow consumer is a cursor that lags: memory stays bounded, and what the history still has arrives.

let world: World
afterEach(async () => {
  await world.close()
  expect(world.errors).toEqual([])
})

const kB = 1024
const padding = 'x'.repeat(8 * kB)

async function begin(transport: TransportName) {
  world = await createWorld({ ...open, history: { count: 200 } })
  // It suspects nothing while its clock stands: a suspect link would be replaced by one that is read.
  const clock = { now: () => 0, setTimeout: () => 0, clearTimeout: () => {} }
  const connection = world.connect({ transports: [transport], clock })
  const codes: unknown[] = []
  connection.state$.subscribe(({ lastError }) => lastError && codes.push(lastError.code))
  await online(connection, transport)
  return { connection, codes }
}

function collect<T>(connection: Connection, topic: string) {
  const events: TopicEvent<T>[] = []
  connection.topic<T>(topic, { from: 'start' }).events$.subscribe((event) => events.push(event))
  return events
}

interface Numbered {
  n: number
  padding: string
}

describe.each(['websocket', 'sse', 'poll'] as const)('%s', (transport) => {
  test('a client that does not read: bounded, then one gap, and never thrown out', async () => {
    const { connection, codes } = await begin(transport)
    const events = collect<Numbered>(connection, 'news')
    const news = world.hub.topic<Numbered>('news')
    await news.publish({ n: 0, padding })
    await expect.poll(() => events.length, { interval: 5 }).toBe(1)

    world.proxy.stall({ direction: 'down' })
    let most = 0
    // Longer than the hub's own look at what waits, each half second.
    const until = performance.now() + 1_200
    let total = 1
    for (; total < 3_000 || performance.now() < until; total++) {
      await news.publish({ n: total, padding })
      // Each turn the hub may write.
      if (total % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, world.hub.stats().bytesBuffered)
    }
    world.proxy.resume()
    await news.publish({ n: total, padding })
    const last = () => events.at(-1)
    await expect.poll(() => (last() as { data?: Numbered }).data?.n, { interval: 5, timeout: 5_000 }).toBe(total)
    console.log(
      `${transport}: at most ${Math.round(most / kB)} kB at the hub of ${Math.round((total * 8) / kB)} MB`,
      codes,
    )

    expect(most).toBeLessThan(2.5 * kB * kB)
    const gaps = events.filter(({ type }) => type === 'gap')
    expect(gaps).toHaveLength(1)
    expect(gaps[0]).toMatchObject({ reason: expect.stringMatching(/overrun|trimmed/) })
    const numbers = events.flatMap((event) => (event.type === 'message' ? [event.data.n] : []))
    const missing = numbers.flatMap((n, i) => (i > 0 && n !== (numbers[i - 1] as number) + 1 ? [n] : []))
    expect(missing).toHaveLength(1)
    expect(new Set(numbers).size).toBe(numbers.length)
    // All that the history had at the end.
    expect(numbers.slice(-200)).toEqual(Array.from({ length: 200 }, (_, i) => total - 199 + i))
    expect(codes).toEqual([])
    expect(connection.getState()).toMatchObject({ phase: 'online', transport })
  })

  test('a conflated topic: offsets only rise, and the newest of each key arrives', async () => {
    const { connection, codes } = await begin(transport)
    world.hub.topics<{ key: string; n: number }>('prices', { conflate: ({ key }) => key })
    const events = collect<{ key: string; n: number }>(connection, 'prices')
    const prices = world.hub.topic<{ key: string; n: number }>('prices')
    const keys = ['a', 'b', 'c']
    await prices.publish({ key: 'a', n: -1 })
    await expect.poll(() => events.length, { interval: 5 }).toBe(1)
    world.proxy.stall({ direction: 'down' })
    for (let n = 0; n < 5_000; n++) {
      await prices.publish({ key: keys[n % 3] as string, n })
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    world.proxy.resume()
    const newest = () => {
      const byKey: Record<string, number> = {}
      for (const event of events) if (event.type === 'message') byKey[event.data.key] = event.data.n
      return byKey
    }
    await expect.poll(newest, { interval: 5, timeout: 5_000 }).toEqual({ a: 4_998, b: 4_999, c: 4_997 })
    const offsets = events.map((event) => (event.type === 'message' ? event.offset : -1))
    console.log(`${transport}: ${events.length} of 5,001 conflated`, codes)
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
    expect(new Set(offsets).size).toBe(offsets.length)
    expect(offsets).not.toContain(-1)
    expect(events.length).toBeLessThan(2_000)
    expect(codes).toEqual([])
  })
})
