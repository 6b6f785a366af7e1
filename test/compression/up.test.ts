import { afterEach, beforeEach, expect, test } from 'vitest'
import { drawSession, type Served, serve } from '../server/support.ts'
import { clientFrame, deflate, dialRaw, type RawSocket } from './raw-socket.ts'

let served: Served
let socket: RawSocket
beforeEach(async () => {
  served = await serve()
  served.hub.topics('a', { compress: true })
})
afterEach(async () => {
  socket.end()
  await served.close()
})

async function dial(topics: [string, string][] = []): Promise<void> {
  socket = await dialRaw(served.base, drawSession().hello(topics), 'permessage-deflate; client_max_window_bits')
  expect(socket.agreed).not.toBeNull()
}

const publish = (n: number, data: unknown) => JSON.stringify(['publish', n, 'a', data])
const kB = 1024

test('what clients send compressed and plain is dealt with in its order', async () => {
  await dial()
  const heard: unknown[] = []
  served.hub.topic('a').subscribe((data) => heard.push(data))
  const numbers = Array.from({ length: 100 }, (_, n) => n + 1)
  socket.write(
    Buffer.concat(
      numbers.map((n) => {
        const text = publish(n, n)
        return n % 3 === 0 ? clientFrame(Buffer.from(text), false) : clientFrame(deflate(text), true)
      }),
    ),
  )
  await socket.frames.kind('receipt', 100)
  expect(socket.frames.of('receipt').map(([, n]) => n)).toEqual(numbers)
  expect(heard).toEqual(numbers)
})

test('a hello that is too long for the header may come compressed', async () => {
  const topics = Array.from({ length: 100 }, (_, n) => [`a-rather-long-name-${n}`, 'live'] as [string, string])
  const hello = drawSession().hello(topics)
  socket = await dialRaw(served.base, hello, 'permessage-deflate', (text) => clientFrame(deflate(text), true))
  await socket.frames.kind('subscribed', 100)
})

test('the limit of a batch is that of what it inflates to', async () => {
  await dial()
  const bomb = clientFrame(deflate('x'.repeat(16 * 1024 * kB)), true)
  expect(bomb.length).toBeLessThan(100 * kB)
  socket.write(bomb)
  await expect.poll(() => socket.closed).toEqual([{ code: 4304, reason: 'too-large' }])
  expect(served.hub.stats().refusals).toMatchObject({ 'too-large': 1 })
})

test('what little bytes inflate to does not wait beyond its limit, though the socket can stop between chunks only', async () => {
  await served.close()
  let most = 0
  served = await serve({ authorize: ({ action }) => action !== 'publish' || new Promise<never>(() => {}) })
  served.hub.topics('a', { compress: true })
  await dial()
  const count = 150
  const large = 'x'.repeat(240 * kB)
  const bombs = Array.from({ length: count }, (_, i) => {
    const text = `${publish(2 * i + 1, large)}\n${publish(2 * i + 2, large)}`
    most += text.length
    return clientFrame(deflate(text), true)
  })
  // Such a chunk would inflate to many times the limit.
  expect(Buffer.concat(bombs).length).toBeLessThan(128 * kB)
  expect(most).toBeGreaterThan(64 * 1024 * kB)
  socket.write(Buffer.concat(bombs))
  await expect.poll(() => socket.closed).toEqual([{ code: 4004, reason: 'later 1000' }])
})

test('what cannot be inflated is malformed', async () => {
  await dial()
  socket.write(clientFrame(Buffer.from([0xff, 0xff, 0xff, 0xff]), true))
  await expect.poll(() => socket.closed).toEqual([{ code: 4303, reason: 'malformed' }])
  expect(served.hub.stats().refusals).toMatchObject({ malformed: 1 })
})
