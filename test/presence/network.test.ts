import { connect } from '@holdfast/client'
import { afterEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createWorld, online, open, type World } from '../support/world.ts'
import { follow } from './follow.ts'

const topic = 'chat:lobby'
// The machine may be busy.
const patient = { timeout: 10_000 }
let world: World
afterEach(async () => {
  await world.close()
  expect(world.errors).toEqual([])
})

test('others see nothing of cuts, of the way down to polling, and of the way back up', async () => {
  world = await createWorld({ ...open, heartbeatMs: 1_000 })
  world.hub.topics('chat:*', { presence: true })
  const other = connect(world.directUrl, { WebSocket })
  try {
    const seen = follow(other.presence(topic))
    const ada = world.connect({ timing: { probeMs: 300, probeCapMs: 300, handshakeMs: 600 } })
    const heard: unknown[] = []
    ada.topic(topic).subscribe((text) => heard.push(text))
    await online(ada, 'websocket')
    await expect.poll(() => seen.here, patient).toEqual([ada.session])
    const steps = [...seen.steps]

    const hears = async (text: string) => {
      await world.hub.topic(topic).publish(text)
      await expect.poll(() => heard.at(-1), patient).toBe(text)
    }
    world.proxy.cut()
    await hears('after a cut')
    world.proxy.set({ websocket: 'refuse' })
    world.proxy.cut({ transport: 'websocket' })
    await online(ada, 'sse')
    await hears('on sse')
    world.proxy.set({ stream: 'buffer' })
    await online(ada, 'poll')
    await hears('on polling')
    world.proxy.heal()
    await online(ada, 'websocket')
    await hears('on websocket again')
    expect(seen.steps).toEqual(steps)

    await ada.close()
    await expect.poll(() => seen.here, patient).toEqual([])
  } finally {
    await other.close()
  }
})

test.each(['websocket', 'sse', 'poll'] as const)('on %s one is there, leaves and is gone', async (transport) => {
  world = await createWorld({ ...open, heartbeatMs: 1_000 })
  world.hub.topics('chat:*', { presence: true })
  const [ada, bob] = [world.connect({ transports: [transport] }), world.connect({ transports: [transport] })]
  const seen = follow(ada.presence(topic))
  const both = [ada, bob].map((one) => one.topic(topic).subscribe())
  await expect.poll(() => seen.here, patient).toEqual([ada.session, bob.session].sort())
  both[1]?.unsubscribe()
  await expect.poll(() => seen.here, patient).toEqual([ada.session])
  bob.topic(topic).subscribe()
  await expect.poll(() => seen.here, patient).toEqual([ada.session, bob.session].sort())
  await bob.close()
  await expect.poll(() => seen.here, patient).toEqual([ada.session])
})

test('one who streams a topic without a session is not there, and may see who is', async () => {
  world = await createWorld({ ...open })
  world.hub.topics('chat:*', { presence: true })
  const ada = world.connect()
  const seen = follow(ada.presence(topic))
  ada.topic(topic).subscribe()
  await expect.poll(() => seen.here, patient).toEqual([ada.session])
  const stop = new AbortController()
  const address = (name: string) => `${world.directUrl}/topics/${encodeURIComponent(name)}`
  const stream = await fetch(address(topic), { signal: stop.signal })
  const presence = await fetch(`${address(`$presence/${topic}`)}?from=snapshot`, { signal: stop.signal })
  expect([stream.status, presence.status]).toEqual([200, 200])
  let text = ''
  const reader = presence.body?.pipeThrough(new TextDecoderStream()).getReader()
  while (!text.includes(ada.session)) text += (await reader?.read())?.value
  expect(text).toContain('event: snapshot')
  const bob = world.connect()
  bob.topic(topic).subscribe()
  await expect.poll(() => seen.here, patient).toEqual([ada.session, bob.session].sort())
  const published = await fetch(address(`$presence/${topic}`), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect(published.status).toBe(403)
  stop.abort()
})
