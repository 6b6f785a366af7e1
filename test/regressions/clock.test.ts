import { connect } from '@holdfast/client/core'
import { afterEach, expect, test } from 'vitest'
import { scripted } from '../client/scripted.ts'
import { createFakeClock } from '../server/clock.ts'

const hourMs = 3_600_000
let end = async () => {}
afterEach(() => end())

/** A connection whose first link dies when it has answered so many pings, on a machine whose clock can be set. */
async function start({ pongs }: { pongs: number }) {
  const time = createFakeClock(1_000 * hourMs)
  let setByMs = 0
  const clock = { ...time.clock, now: () => time.clock.now() + setByMs }
  const dies = { proves: 10, pong: [...Array<number>(pongs).fill(10), null] as number[] }
  const only = scripted('only', clock, dies, { proves: 10 })
  const connection = connect('http://hub.test', {
    transports: [only.transport],
    clock,
    random: () => 0.5,
    page: null,
    storage: null,
  })
  end = async () => {
    const closed = connection.close()
    await time.pass(5_000)
    await closed
    expect(time.timers, 'timers left behind').toBe(0)
  }
  return {
    ...only,
    connection,
    pass: time.pass,
    /** Sets the clock; what was timed goes on as it was. */
    set(ms: number) {
      setByMs += ms
    },
    /** How long it takes, as its timers tell it, until another link is tried. */
    async msToReplace() {
      for (let ms = 0; ms < 2 * hourMs; ms += 100) {
        if (only.opened.length > 1) return ms
        await time.pass(100)
      }
      return Number.POSITIVE_INFINITY
    },
  }
}

// Silence for longer than a heartbeat, twice where the clock is set in the midst of it, and a ping without an answer.
const noticedMs = 2 * 6_500 + 3_000

test('a link that is dead from the moment at which the clock is set back is noticed as soon as ever', async () => {
  const { pass, set, msToReplace } = await start({ pongs: 1 })
  await pass(3_000)
  set(-hourMs)
  expect(await msToReplace()).toBeLessThan(noticedMs)
})

test('a link on whose answer to a ping the client waits while the clock is set back is noticed as soon as ever', async () => {
  const { pass, set, sent, msToReplace } = await start({ pongs: 1 })
  for (let ms = 0; sent.length < 2 && ms < 20_000; ms += 100) await pass(100)
  set(-hourMs)
  expect(await msToReplace()).toBeLessThan(noticedMs)
})

test('what is published after the clock was set back does not put off what is noticed', async () => {
  const { connection, pass, set, msToReplace } = await start({ pongs: 1 })
  await pass(3_000)
  set(-hourMs)
  await pass(1_000)
  const published = connection.topic('p').publish('hi')
  // It ends with its connection, for no hub is there.
  published.catch(() => {})
  expect(await msToReplace()).toBeLessThan(noticedMs)
})

test.each([
  ['back and forward', [-hourMs, hourMs]],
  ['forward and back', [hourMs, -hourMs]],
  ['back twice', [-hourMs, -hourMs]],
  ['forward twice, and back', [hourMs, hourMs, -2 * hourMs]],
])('a dead link is noticed though the clock is set %s', async (_, steps) => {
  for (const betweenMs of [100, 2_000, 5_000, 7_000]) {
    const { pass, set, msToReplace } = await start({ pongs: 1 })
    await pass(3_000)
    for (const ms of steps) {
      set(ms)
      await pass(betweenMs)
    }
    expect(await msToReplace(), `after steps with ${betweenMs} ms between them`).toBeLessThan(noticedMs)
    await end()
  }
})

test('a link that lives is kept though the clock is set back and forward', async () => {
  const { pass, set, opened } = await start({ pongs: 1_000 })
  for (const ms of [-hourMs, hourMs, hourMs, -hourMs, -hourMs]) {
    await pass(7_300)
    set(ms)
  }
  await pass(60_000)
  expect(opened.length).toBe(1)
})

test('a connection that closes while the clock is set forward does not ask the time without end', async () => {
  const { connection, pass, set } = await start({ pongs: 1 })
  await pass(3_000)
  const published = connection.topic('p').publish('x')
  published.catch(() => {})
  await pass(100)
  void connection.close({ drainMs: 60_000 })
  set(hourMs)
  await pass(30_000)
  expect(connection.getState().state).toBe('closing')
  await pass(60_000)
  expect(connection.getState().phase).toBe('closed')
})
