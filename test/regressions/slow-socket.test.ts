import { expect, test } from 'vitest'
import { settled } from '../server/clock.ts'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld } from '../server/world.ts'

// Whether a socket takes anything is seen in its own bytes: a text may be more of them, or less, than it has characters.

/** @param weight bytes of a character on the wire */
async function begin(weight: number) {
  const { hub: make, pass } = createWorld()
  const hub = make()
  const far = connectSocket(hub, drawSession().hello([['a', 'live']]))
  await settled()
  Object.assign(far, { stuck: true, weight })
  const later = async () => {
    await far.send(['ack', []])
    await pass(5_000)
  }
  return { hub, far, later }
}

test('a socket that takes long texts of many bytes slowly is not taken for one that takes nothing', async () => {
  const { hub, far, later } = await begin(3)
  await hub.topic('a').publish('語'.repeat(80_000))
  await settled()
  for (let n = 0; n < 12; n++) {
    await later()
    far.buffered -= 5_000
  }
  expect([far.code, far.reason]).toEqual([0, ''])
  await hub.close({ drainMs: 0 })
})

test('one that takes nothing is found out, though what is written has fewer bytes than characters', async () => {
  const { hub, far, later } = await begin(0.1)
  for (let n = 0; n < 12 && far.code === 0; n++) {
    await hub.topic('a').publish('x'.repeat(1_000))
    await later()
  }
  expect([far.code, far.reason]).toEqual([4002, 'too-slow'])
  await hub.close({ drainMs: 0 })
})

test('one that is cut while it is told of a subscription leaves nobody behind who reads the topic', async () => {
  const { hub: make, pass } = createWorld()
  const hub = make({ limits: { bufferBytes: 1_000 } })
  const far = connectSocket(hub, drawSession().hello([]))
  await settled()
  far.stuck = true
  await far.send(['ping', 1])
  // Room for the receipt, and not for what comes after it.
  far.buffered = 3_960
  await far.send(['subscribe', 1, 'a', 'live'])
  expect([far.code, far.reason]).toEqual([4002, 'too-slow'])
  for (let n = 0; n < 60; n++) await pass(5_000)
  expect(hub.stats()).toMatchObject({ topics: 0, sessions: { away: 0 } })
  await hub.close({ drainMs: 0 })
})
