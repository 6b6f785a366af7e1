import type { ConnectionState, ConnectOptions } from '@holdfast/client'
import { afterEach, describe, expect, test } from 'vitest'
import { createPage } from './support/page.ts'
import { intact, tally } from './support/tally.ts'
import { createWorld, online, open, state, type World } from './support/world.ts'

let world: World
afterEach(async () => {
  await world.close()
  expect(world.errors).toEqual([])
})

async function begin(options: ConnectOptions = {}, heartbeatMs = 5_000) {
  const sessions: string[] = []
  world = await createWorld({ ...open, heartbeatMs, onSession: ({ id }) => sessions.push(id) })
  const page = createPage()
  const connection = world.connect({ page, ...options })
  const down = tally()
  const up = tally()
  const states: ConnectionState[] = []
  connection.topic<number>('down', { from: 'start' }).subscribe((n) => down.take(n))
  connection.state$.subscribe((now) => states.push(now))
  world.hub.topic<number>('up', { from: 'start' }).subscribe((n) => up.take(n))
  await online(connection)
  let sent = 0
  return {
    page,
    connection,
    sessions,
    states,
    /** One message more each way. */
    async send() {
      const n = sent++
      await world.hub.topic('down').publish(n)
      return connection.topic('up').publish(n)
    },
    async expectIntact() {
      await expect.poll(() => [down.last, up.last], { interval: 5 }).toEqual([sent - 1, sent - 1])
      expect([down.count, up.count]).toEqual([intact(sent), intact(sent)])
      expect(sessions).toEqual([connection.session])
    },
  }
}

describe.each(['websocket', 'sse', 'poll'] as const)('%s', (transport) => {
  test('pagehide parks and keeps the session; pageshow goes on without loss', async () => {
    const { page, connection, send, expectIntact } = await begin({ transports: [transport] })
    await send()
    page.tell('pagehide')
    expect(connection.getState()).toMatchObject({ state: 'parked', phase: 'offline', transport: null })
    // Between two polls a link goes on for a while.
    if (transport !== 'poll') await expect.poll(() => world.hub.stats().sessions.away, { interval: 5 }).toBe(1)
    const requests = { ...world.proxy.stats.requests }
    const late = [send(), send()]
    expect(connection.getState().state).toBe('parked')
    page.tell('pagehide')
    page.show(true)
    await world.hub.topic('other').publish(1)
    expect(world.proxy.stats.requests).toEqual(requests)
    page.tell('pageshow')
    await online(connection)
    await Promise.all(late)
    await send()
    await expectIntact()
  })
})

test('pageshow and pagehide of a page that was never parked, or whose connection is closed, do nothing', async () => {
  const { page, connection, send, expectIntact } = await begin()
  const connections = world.proxy.stats.connections
  page.tell('pageshow')
  page.show(false)
  page.show(true)
  await send()
  await expectIntact()
  expect(world.proxy.stats.connections).toBe(connections)
  await connection.close()
  page.tell('pageshow')
  page.tell('pagehide')
  page.goOffline()
  page.goOnline()
  expect(connection.getState().state).toBe('closed')
})

test('offline: a link that lives is kept; one that does not is tried again at once when the network is back', async () => {
  const { page, connection, send, expectIntact } = await begin()
  page.goOffline()
  await send()
  expect(connection.getState()).toMatchObject({ phase: 'online', state: 'online.settled' })

  world.proxy.set({ block: 'refuse' })
  await state(connection, ({ phase }) => phase === 'offline')
  const late = [send(), send()]
  world.proxy.heal()
  expect(connection.getState()).toMatchObject({ state: 'offline', retryAt: expect.any(Number) })
  const begun = performance.now()
  page.goOnline()
  await online(connection, 'websocket')
  expect(performance.now() - begun).toBeLessThan(500)
  await Promise.all(late)
  await expectIntact()
})

test('offline by a word that is wrong: tried all the same', async () => {
  const { page, connection, send, expectIntact } = await begin({ timing: { offlineProbeMs: 30 } })
  page.goOffline()
  world.proxy.cut()
  await state(connection, ({ phase }) => phase === 'offline')
  await online(connection)
  await send()
  await expectIntact()
})

test.each([
  ['a page that is seen again', (page: ReturnType<typeof createPage>) => page.show(true)],
  ['a page that is thawed', (page: ReturnType<typeof createPage>) => page.document.dispatchEvent(new Event('resume'))],
  ['another network', (page: ReturnType<typeof createPage>) => page.goOnline()],
])('%s asks for a quick proof: a dead link is replaced', async (_, wake) => {
  const { page, connection, states, send, expectIntact } = await begin()
  await send()
  await expect.poll(() => connection.getState().rttMs, { interval: 5 }).not.toBe(null)
  world.proxy.stall()
  const begun = performance.now()
  wake(page)
  await state(connection, (now) => now.state === 'online.suspect')
  await state(connection, (now) => now.state === 'online.settled')
  const tookMs = performance.now() - begun
  console.log(`replaced after ${Math.round(tookMs)} ms`)
  expect(tookMs).toBeLessThan(600 + 600)
  // The old link was kept until the new one had proved itself.
  expect(states.map(({ phase }) => phase)).not.toContain('reconnecting')
  await send()
  await expectIntact()
})

test('a page that is seen again while the next try is waited for: tried at once', async () => {
  const { page, connection, send, expectIntact } = await begin({
    transports: ['websocket'],
    random: () => 0.99,
    timing: { backoffMs: 60_000, backoffCapMs: 60_000 },
  })
  await send()
  world.proxy.set({ block: 'refuse' })
  await state(connection, ({ state, attempt }) => state === 'waiting' && attempt > 1)
  expect(connection.getState().retryAt).toBeGreaterThan(Date.now() + 30_000)
  world.proxy.heal()
  const begun = performance.now()
  page.show(true)
  await online(connection)
  expect(performance.now() - begun).toBeLessThan(500)
  await send()
  await expectIntact()
})

describe('the clock jumps, for the machine slept:', () => {
  const createClock = () => {
    let skew = 0
    return {
      sleep: (ms: number) => {
        skew += ms
      },
      now: () => Date.now() + skew,
      setTimeout: (run: () => void, ms: number) => setTimeout(run, ms),
      clearTimeout: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
    }
  }

  test('a healthy link is kept', async () => {
    const clock = createClock()
    const { states, send, expectIntact } = await begin({ clock }, 200)
    await send()
    const { connections } = world.proxy.stats
    const before = states.length
    const sentBytes = world.proxy.stats.bytesUp
    clock.sleep(3_600_000)
    // Several heartbeats, and what answers them.
    await expect.poll(() => world.proxy.stats.bytesUp, { interval: 5, timeout: 5_000 }).toBeGreaterThan(sentBytes + 100)
    await send()
    await expectIntact()
    expect(world.proxy.stats.connections).toBe(connections)
    expect(new Set(states.slice(before).map((now) => now.state))).toEqual(new Set(['online.settled']))
  })

  test('a dead one is replaced', async () => {
    const clock = createClock()
    const { connection, send, expectIntact } = await begin({ clock }, 200)
    await send()
    world.proxy.stall()
    clock.sleep(3_600_000)
    const begun = performance.now()
    await state(connection, (now) => now.state === 'online.suspect')
    await state(connection, (now) => now.state === 'online.settled')
    const tookMs = performance.now() - begun
    console.log(`replaced after ${Math.round(tookMs)} ms`)
    expect(tookMs).toBeLessThan(260 + 600 + 600)
    await send()
    await expectIntact()
  })
})
