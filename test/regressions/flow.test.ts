import { connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { type DownFrame, encodeFrame, serverLimits, wireLimits } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { settled } from '../server/clock.ts'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld } from '../server/world.ts'

const size = (entries: readonly DownFrame[]) => encodeFrame(entries.at(-1) as DownFrame).length

test('the welcome says how often to acknowledge where the hub lets less be on its way than usual', async () => {
  const { hub, time } = createWorld()
  const ackBytes = async (limits: { inFlightBytes?: number }) => {
    const made = hub({ limits })
    const far = connectSocket(made, drawSession().hello())
    await settled()
    const [welcome] = far.of('welcome')
    await made.close({ drainMs: 0 })
    return welcome?.[2].limits.ackBytes
  }
  expect(await ackBytes({ inFlightBytes: 500 })).toBeLessThanOrEqual(500)
  expect(await ackBytes({})).toBeUndefined()
  expect(time.timers, 'timers left behind').toBe(0)
})

test('more than may be on its way arrives without waiting for heartbeats', async () => {
  const { hub: make, clock, pass, time } = createWorld()
  const hub = make({ limits: { inFlightBytes: 500 } })
  const connection = connect('http://test', { transports: [memory(hub)], clock, storage: null, page: null })
  const heard: unknown[] = []
  connection.topic('p').subscribe((n) => heard.push(n))
  await pass(100)
  expect(connection.getState().phase).toBe('online')
  const numbers = Array.from({ length: 50 }, (_, n) => n)
  // The clock stands from here on.
  for (const n of numbers) await hub.topic('p').publish(n)
  for (let turn = 0; turn < 1_000 && heard.length < numbers.length; turn++) await settled()
  expect(heard).toEqual(numbers)
  const closed = connection.close()
  await pass(1_000)
  await Promise.all([closed, hub.close({ drainMs: 0 })])
  expect(time.timers, 'timers left behind').toBe(0)
})

test.each([
  ['a small bound and one topic', { count: 1, inFlightBytes: 500, payload: 'x' }],
  ['a small bound and many topics', { count: 20, inFlightBytes: 10_000, payload: 'x'.repeat(50) }],
  ['the usual bound and many topics', { count: 80, ...serverLimits, payload: 'x'.repeat(500) }],
])('a hub with %s goes on after every acknowledgement that it has asked for', async (_, given) => {
  const { count, inFlightBytes, payload } = given
  const { hub: make, time } = createWorld()
  const hub = make({ limits: { inFlightBytes } })
  const names = Array.from({ length: count }, (_, n) => `t${n}`)
  const far = connectSocket(hub, drawSession().hello(names.map((name) => [name, 'live'])))
  await settled()
  const ackBytes = far.of('welcome')[0]?.[2].limits.ackBytes ?? wireLimits.ackBytes
  const rounds = Math.ceil((1.5 * inFlightBytes) / (count * payload.length))
  for (let round = 0; round < rounds; round++) for (const name of names) await hub.topic(name).publish(payload)
  await settled()
  const came = far.of('entry')
  expect(came.length).toBeGreaterThan(count)
  expect(came.length).toBeLessThan(rounds * count)
  // Of its last bytes a client says nothing yet, as long as they are fewer.
  const said = [...came]
  for (let bytes = size(said); bytes < ackBytes; bytes += size(said)) said.pop()
  await far.send(['ack', [...new Map(said.map(([, topic, cursor]) => [topic, cursor]))]])
  expect(far.of('entry').length).toBeGreaterThan(came.length)
  await hub.close({ drainMs: 0 })
  expect(time.timers, 'timers left behind').toBe(0)
})
