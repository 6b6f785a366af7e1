import { afterEach, expect, test } from 'vitest'
import { start, type Way } from './by-hand.ts'

let end = async () => {}
afterEach(() => end())

async function startOne() {
  const { connection, ways, pass, close } = start('only')
  end = close
  await pass(0)
  const { links } = ways[0] as Way
  const far = links[0]!
  far.welcome(['subscribed', 'p', 'k.0', { from: 'live' }])
  await pass(0)
  return { connection, far, pass }
}

test('a way up that is dead is noticed while the way down speaks', async () => {
  const { connection, far, pass } = await startOne()
  connection.topic('p').subscribe()
  await pass(10_000)
  far.muted = true
  const published = connection.topic('p').publish('x')
  published.catch(() => {})
  let noticedMs = 0
  while (connection.getState().state !== 'online.suspect' && noticedMs < 20_000) {
    far.down(['pong', 0])
    await pass(100)
    noticedMs += 100
  }
  expect(noticedMs).toBeLessThanOrEqual(3_000)
})

test('a receipt that is late while pings are answered makes no link suspect, and no storm of pings', async () => {
  const { connection, far, pass } = await startOne()
  await pass(10_000)
  const before = far.of('ping').length
  connection
    .topic('p')
    .publish('x')
    .catch(() => {})
  for (let ms = 0; ms < 6_000; ms += 100) {
    await pass(100)
    expect(connection.getState().state).toBe('online.settled')
  }
  expect(far.of('ping').length - before).toBeLessThanOrEqual(10)
})
