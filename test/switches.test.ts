import type { ConnectOptions } from '@holdfast/client'
import { afterEach, describe, expect, test } from 'vitest'
import { createTraffic, everyMs } from './support/traffic.ts'
import { createWorld, online, open, state, type World } from './support/world.ts'

let world: World
afterEach(() => world.close())

const soon = { probeMs: 300, probeCapMs: 300, handshakeMs: 600 }
const probeMs = 1.2 * soon.probeMs
/** Two noisy cores, and everything in one process. */
const slackMs = 500

async function begin(faults: Parameters<World['proxy']['set']>[0], options: ConnectOptions = { timing: soon }) {
  world = await createWorld({ ...open, history: { count: 20_000 }, heartbeatMs: 1_000 })
  world.proxy.set(faults)
  const connection = world.connect(options)
  const traffic = createTraffic(world, connection)
  return { connection, traffic }
}

describe('back on WebSocket once it is free, while a stream flows both ways:', () => {
  test.each(['refuse', 'swallow', 'silent', 'cut', 'mute'] as const)('it was blocked (%s)', async (websocket) => {
    const { connection, traffic } = await begin({ websocket })
    await online(connection, 'sse')
    await traffic.flows(60)
    traffic.pauses()

    const freed = performance.now()
    world.proxy.heal()
    await online(connection, 'websocket')
    const backMs = performance.now() - freed
    await traffic.flows(60)
    const { down, up } = traffic.pauses()
    console.log(`${websocket}: back after ${Math.round(backMs)} ms`, { down, up })

    expect(backMs).toBeLessThan(soon.handshakeMs + probeMs + slackMs)
    expect(down.messages * everyMs).toBeLessThanOrEqual(50)
    expect(up.messages * everyMs).toBeLessThanOrEqual(50)
    await traffic.stop()
    expect(connection.getState()).toMatchObject({ transport: 'websocket', reason: null })
  })
})

test('down to SSE, down to polling, and back up to WebSocket', async () => {
  const { connection, traffic } = await begin({})
  await online(connection, 'websocket')
  await traffic.flows(40)
  traffic.pauses()

  world.proxy.set({ websocket: 'refuse' })
  world.proxy.cut({ transport: 'websocket' })
  await online(connection, 'sse')
  await traffic.flows(40)
  const toSse = traffic.pauses()

  world.proxy.set({ stream: 'buffer' })
  await online(connection, 'poll')
  await traffic.flows(40)
  const toPoll = traffic.pauses()
  await traffic.flows(40)
  const onPoll = traffic.pauses()

  const healed = performance.now()
  world.proxy.heal()
  await online(connection, 'websocket')
  const backMs = performance.now() - healed
  await traffic.flows(40)
  const back = traffic.pauses()
  console.log(`back after ${Math.round(backMs)} ms`, { toSse, toPoll, onPoll, back })

  expect(toSse.down.messages * everyMs).toBeLessThan(400)
  // A third more than a heartbeat, the time-out of a ping (at least 600 ms), and a race in which two come before polling.
  expect(toPoll.down.messages * everyMs).toBeLessThan(1_300 + 1_500 + 200 + 700 + slackMs)
  expect(toPoll.up.messages * everyMs).toBeLessThanOrEqual(50)
  expect(back.down.messages * everyMs).toBeLessThanOrEqual(50)
  expect(back.up.messages * everyMs).toBeLessThanOrEqual(50)
  expect(backMs).toBeLessThan(soon.handshakeMs + probeMs + slackMs)
  await traffic.stop()
})

test('a handshake of 1 s: data at once on SSE, and then on WebSocket', async () => {
  const begun = performance.now()
  const { connection, traffic } = await begin({ websocket: { delayMs: 1_000 } }, {})
  await traffic.flows(1)
  const firstMs = performance.now() - begun
  expect(connection.getState()).toMatchObject({ transport: 'sse', reason: 'trying', state: 'online.upgrading' })
  await traffic.flows(20)
  traffic.pauses()

  const upgraded = await state(connection, (now) => now.transport === 'websocket')
  const upgradedMs = performance.now() - begun
  await traffic.flows(20)
  const { down, up } = traffic.pauses()
  console.log(`data after ${Math.round(firstMs)} ms, on WebSocket after ${Math.round(upgradedMs)} ms`, { down, up })

  expect(upgraded).toMatchObject({ phase: 'online', reason: null, state: 'online.settled' })
  expect(firstMs).toBeLessThan(200 + slackMs)
  expect(upgradedMs).toBeLessThan(1_000 + 200 + slackMs)
  expect(down.messages * everyMs).toBeLessThanOrEqual(50)
  expect(up.messages * everyMs).toBeLessThanOrEqual(50)
  await traffic.stop()
})
