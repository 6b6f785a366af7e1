import type { Connection, HoldfastError, TopicEvent } from '@holdfast/client'
import { type Hub, type HubOptions, memoryBroker } from '@holdfast/server'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { intact, tally } from './support/tally.ts'
import { createWorld, online, open, state, type World } from './support/world.ts'

let world: World
afterEach(async () => {
  await world.close()
  expect(world.errors).toEqual([])
})

const transports = ['websocket', 'sse', 'poll'] as const

/** What became of a promise: its value, or the outcome and code of its error. */
const fate = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    ({ outcome, code }: HoldfastError) => `${outcome} ${code}`,
  )

function collect<T>(connection: Connection, topic: string, from: 'live' | 'start' = 'start') {
  const events: TopicEvent<T>[] = []
  connection.topic<T>(topic, { from }).events$.subscribe((event) => events.push(event))
  return events
}

test('connect, close and connect in one tick make one connection and one session', async () => {
  const sessions: string[] = []
  world = await createWorld({ ...open, onSession: ({ id }) => sessions.push(id) })
  const warn = vi.spyOn(console, 'warn')
  warn.mockClear()
  const first = world.connect()
  const closed = first.close()
  const second = world.connect()
  await online(second)
  await closed
  expect(first.getState()).toMatchObject({ phase: 'closed', state: 'closed', transport: null })
  expect(sessions).toEqual([second.session])
  expect(world.proxy.stats.connections).toBe(1)
  expect(warn).not.toHaveBeenCalled()
})

describe.each(transports)('%s', (transport) => {
  test('a hub that closes sends its clients to another one, and nothing is lost', async () => {
    const broker = memoryBroker()
    const sessions: string[] = []
    const options: HubOptions = { ...open, broker, onSession: ({ id }) => sessions.push(id) }
    world = await createWorld(options)
    const connection = world.connect({ transports: [transport] })
    const down = tally()
    const up = tally()
    const codes = new Set<string | undefined>()
    connection.topic<number>('down', { from: 'start' }).subscribe((n) => down.take(n))
    connection.state$.subscribe(({ lastError }) => codes.add(lastError?.code))
    await online(connection)

    const first = world.hub
    const second = await world.replaceHub(options)
    second.topic<number>('up', { from: 'start' }).subscribe((n) => up.take(n))
    let sent = 0
    const receipts: Promise<unknown>[] = []
    const send = (hub: Hub) => {
      void hub.topic('down').publish(sent)
      receipts.push(connection.topic('up').publish(sent))
      sent++
    }
    for (let i = 0; i < 50; i++) send(first)
    const closing = first.close()
    for (let i = 0; i < 50; i++) send(second)
    const left = await state(connection, ({ phase }) => phase !== 'online')
    await closing
    const begun = performance.now()
    await online(connection)
    const awayMs = performance.now() - begun
    for (let i = 0; i < 50; i++) send(second)
    await Promise.all(receipts)
    await expect.poll(() => [down.last, up.last], { interval: 5 }).toEqual([149, 149])
    console.log(`${transport}: on the other hub after ${Math.round(awayMs)} ms`)

    expect(left.lastError?.code).toBe('shutting-down')
    expect([...codes]).toEqual([undefined, 'shutting-down'])
    expect(awayMs).toBeLessThan(600)
    expect([down.count, up.count]).toEqual([intact(150), intact(150)])
    expect(sessions).toHaveLength(1)
  })

  test('a session is lost with its hub: what was in flight is unknown, what was queued goes out', async () => {
    let holding = true
    world = await createWorld({
      authorize: ({ action }) => (holding && action === 'publish' ? new Promise<boolean>(() => {}) : true),
    })
    const connection = world.connect({ transports: [transport] })
    const reports: HoldfastError[] = []
    connection.errors$.subscribe((error) => reports.push(error))
    const live = collect<number>(connection, 'news', 'live')
    const start = collect<number>(connection, 'news')
    await online(connection)
    for (let n = 0; n < 3; n++) await world.hub.topic('news').publish(n)
    await expect.poll(() => [live.length, start.length], { interval: 5 }).toEqual([3, 3])

    const before = connection.session
    const sent = [0, 1].map((n) => fate(connection.topic('up').publish(n)))
    const asked = fate(connection.request('never'))
    if (transport === 'websocket')
      await expect.poll(() => world.proxy.stats.bytesUp, { interval: 5 }).toBeGreaterThan(0)
    else await world.proxy.next({ event: 'request', path: '/realtime/send' })
    world.proxy.set({ block: 'refuse' })
    await state(connection, ({ phase }) => phase !== 'online')
    const queued = Array.from({ length: 20 }, (_, n) => fate(connection.topic('up').publish(n)))

    holding = false
    const up: unknown[] = []
    const next = await world.replaceHub(open)
    next.topic('up', { from: 'start' }).subscribe((n) => up.push(n))
    await next.topic('news').publish(3)
    world.proxy.heal()
    connection.reconnect()

    expect(await Promise.all(sent)).toEqual(['unknown session-lost', 'unknown session-lost'])
    expect(await asked).toBe('unknown session-lost')
    expect(await Promise.all(queued)).toEqual(Array(20).fill('accepted'))
    expect(up).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(connection.session).not.toBe(before)
    await expect.poll(() => [live.length, start.length], { interval: 5 }).toEqual([5, 5])
    for (const events of [live, start]) {
      expect(events.map((event) => (event.type === 'message' ? event.data : event.type))).toEqual([0, 1, 2, 'gap', 3])
      expect(events[3]).toMatchObject({ type: 'gap', reason: 'epoch' })
    }
    expect(reports).toEqual([])
  })

  test('a session expires at the hub: the topic goes on without a gap', async () => {
    const broker = memoryBroker()
    world = await createWorld({ ...open, broker, sessionTtlMs: 60, heartbeatMs: 100 })
    const connection = world.connect({ transports: [transport] })
    const events = collect<number>(connection, 'news')
    await online(connection)
    await world.hub.topic('news').publish(0)
    await expect.poll(() => events.length, { interval: 5 }).toBe(1)
    const before = connection.session
    world.proxy.set({ block: 'refuse' })
    await expect.poll(() => broker.sessions.get(before), { interval: 5 }).toBe(null)
    const queued = fate(connection.topic('up').publish('x'))
    await world.hub.topic('news').publish(1)
    world.proxy.heal()
    connection.reconnect()
    expect(await queued).toBe('accepted')
    expect(connection.session).not.toBe(before)
    await expect.poll(() => events.length, { interval: 5 }).toBe(2)
    expect(events.map(({ type }) => type)).toEqual(['message', 'message'])
  })

  test('the new session is of another user: what was queued is not sent', async () => {
    const options: HubOptions = { ...open, authenticate: ({ token }) => token }
    world = await createWorld(options)
    let token = 'ada'
    const connection = world.connect({ transports: [transport], token: () => token })
    const events = collect<number>(connection, 'news')
    await online(connection)
    await world.hub.topic('news').publish(0)
    await expect.poll(() => events.length, { interval: 5 }).toBe(1)
    world.proxy.set({ block: 'refuse' })
    await state(connection, ({ phase }) => phase !== 'online')
    const queued = [0, 1, 2].map((n) => fate(connection.topic('up').publish(n)))

    token = 'eve'
    const up: unknown[] = []
    world.hub.topic('up', { from: 'start' }).subscribe((n) => up.push(n))
    world.proxy.heal()
    connection.reconnect()
    expect(await Promise.all(queued)).toEqual(Array(3).fill('not-sent user-changed'))
    await connection.topic('up').publish('of eve')
    await world.hub.topic('news').publish(1)
    await expect.poll(() => events.length, { interval: 5 }).toBe(2)
    expect(up).toEqual(['of eve'])
    expect(events.map(({ type }) => type)).toEqual(['message', 'message'])
  })
})
