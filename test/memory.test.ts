import { type Connection, connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub, type Hub, memoryBroker } from '@holdfast/server'
import { afterEach, expect, test, vi } from 'vitest'
import { online, state } from './support/world.ts'

const hubs: Hub[] = []
const connections: Connection[] = []
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()))
  await Promise.all(hubs.splice(0).map((hub) => hub.close({ drainMs: 0 })))
  vi.useRealTimers()
})

function hubOf(options: Parameters<typeof createHub>[0] = {}): Hub {
  const hub = createHub({ authorize: () => true, ...options })
  hubs.push(hub)
  return hub
}

function client(network: ReturnType<typeof memory>, options: { token?: string } = {}): Connection {
  const connection = connect('http://test', { transports: [network], timing: { backoffMs: 20 }, ...options })
  connections.push(connection)
  return connection
}

const count = (upTo: number) => Array.from({ length: upTo }, (_, index) => index + 1)

test('a client and a hub of one process talk without a network', async () => {
  const hub = hubOf()
  hub.handle('double', ({ data }) => (data as number) * 2)
  const connection = client(memory(hub))
  const heard: unknown[] = []
  connection.topic('numbers').subscribe((n) => heard.push(n))
  await online(connection, 'memory')
  expect(connection.getState().reason).toBeNull()
  for (const n of count(100)) void connection.topic('numbers').publish(n)
  expect(await connection.request('double', 21)).toBe(42)
  expect(heard).toEqual(count(100))
})

test('after a cut nothing is missing, however often', async () => {
  const hub = hubOf()
  const network = memory(hub)
  const connection = client(network)
  const down: unknown[] = []
  const up: unknown[] = []
  connection.topic('down').subscribe((n) => down.push(n))
  hub.topic('up').subscribe((n) => up.push(n))
  await online(connection)
  await hub.topic('down').publish(0)
  // `live` is a position only once the hub has said which.
  await expect.poll(() => down).toEqual([0])
  const receipts: Promise<{ offset: number }>[] = []
  for (const n of count(200)) {
    await hub.topic('down').publish(n)
    receipts.push(connection.topic<number>('up').publish(n))
    if (n % 50 === 0) {
      expect(network.cut()).toBe(1)
      expect((await state(connection, ({ phase }) => phase === 'reconnecting')).lastError?.code).toBe('cut')
      await online(connection)
    }
  }
  expect((await Promise.all(receipts)).map(({ offset }) => offset)).toEqual(count(200))
  await expect.poll(() => [down, up]).toEqual([[0, ...count(200)], count(200)])
})

test('while the network is down new links are refused', async () => {
  const network = memory(hubOf())
  network.down = true
  const connection = client(network)
  const waiting = await state(connection, ({ retryAt }) => retryAt !== null)
  expect(waiting).toMatchObject({ phase: 'connecting', lastError: { code: 'refused' } })
  network.down = false
  connection.reconnect()
  await online(connection)
})

test('a restart with the same broker loses nothing', async () => {
  const broker = memoryBroker()
  const first = hubOf({ broker })
  let hub = first
  const connection = client(memory(() => hub))
  const heard: unknown[] = []
  connection.topic('news').subscribe((n) => heard.push(n))
  await online(connection)
  await hub.topic('news').publish(1)
  await expect.poll(() => heard).toEqual([1])
  hub = hubOf({ broker })
  await first.close({ drainMs: 0 })
  await hub.topic('news').publish(2)
  await expect.poll(() => heard).toEqual([1, 2])
})

test('`authenticate` sees the token and the headers', async () => {
  const seen: unknown[] = []
  const hub = hubOf({
    authenticate({ token, headers, transport }) {
      seen.push([token, headers.cookie, transport])
      return 'ada'
    },
  })
  const connection = client(memory(hub, { headers: { cookie: 'a=1' } }), { token: 't' })
  await online(connection)
  expect(seen).toEqual([['t', 'a=1', 'websocket']])
})

test('a hub that stops reading gets all of it once it goes on', async () => {
  let open = () => {}
  const held = new Promise<void>((resolve) => {
    open = resolve
  })
  const hub = hubOf({ authorize: ({ action }) => (action === 'publish' ? held.then(() => true) : true) })
  const connection = client(memory(hub))
  await online(connection)
  const text = 'x'.repeat(200_000)
  const receipts = count(40).map(() => connection.topic('big').publish(text))
  // All microtasks are through: what can be handed over has been.
  await new Promise((resolve) => setImmediate(resolve))
  open()
  expect((await Promise.all(receipts)).map(({ offset }) => offset)).toEqual(count(40))
})

test('with fake timers, days pass at once', async () => {
  vi.useFakeTimers()
  const hub = hubOf()
  const network = memory(hub)
  const connection = client(network)
  const heard: unknown[] = []
  connection.topic('news').subscribe((n) => heard.push(n))
  await vi.advanceTimersByTimeAsync(0)
  expect(connection.getState().phase).toBe('online')
  network.down = true
  network.cut()
  await hub.topic('news').publish(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(connection.getState().phase).toBe('reconnecting')
  network.down = false
  await vi.advanceTimersByTimeAsync(20_000)
  expect([connection.getState().phase, heard]).toEqual(['online', [1]])
  const closed = connection.close()
  await vi.advanceTimersByTimeAsync(1_000)
  await closed
  const gone = hub.close({ drainMs: 0 })
  await vi.advanceTimersByTimeAsync(1_000)
  await gone
  expect(vi.getTimerCount()).toBe(0)
})
