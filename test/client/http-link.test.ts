import { sse } from '@holdfast/client/core'
import { expect, test } from 'vitest'
import { createFakeClock } from '../server/clock.ts'

/** An event stream that stays open, and POSTs of which the first ones are answered. */
function begin(answered = 0) {
  const fake = createFakeClock()
  let skew = 0
  const clock = { ...fake.clock, now: () => fake.clock.now() + skew }
  const posts: AbortSignal[] = []
  const transport = sse((url, { signal }) => {
    if (url.endsWith('/sse')) return new Promise(() => {})
    const own = signal as AbortSignal
    posts.push(own)
    if (posts.length <= answered) return Promise.resolve(new Response('["pong",1]'))
    return new Promise((_, reject) => own.addEventListener('abort', () => reject(own.reason)))
  })
  const ignore = () => {}
  const link = transport.open(
    { url: 'http://hub.test', hello: '', session: () => '', topics: () => [], clock },
    { opened: ignore, batch: ignore, writable: ignore, troubled: ignore, tooLarge: () => undefined, lost: ignore },
  )
  return {
    link,
    posts,
    pass: fake.pass,
    timers: () => fake.timers,
    turnClock(ms: number) {
      skew += ms
    },
  }
}

test('a small POST that nobody answers is sent again after 10 s', async () => {
  const { link, pass, posts } = begin()
  link.send(['["ping",1]'])
  await pass(9_000)
  expect(posts.map((signal) => signal.aborted)).toEqual([false])
  await pass(2_000)
  expect(posts.map((signal) => signal.aborted)).toEqual([true, false])
  link.close()
})

test('a large one is given the time that it takes on a slow way up', async () => {
  const { link, pass, posts } = begin()
  link.send(['x'.repeat(512 * 1024)])
  await pass(120_000)
  expect(posts.map((signal) => signal.aborted)).toEqual([false])
  await pass(30_000)
  expect(posts[0]?.aborted).toBe(true)
  link.close()
})

test('one that follows others has its own 10 s, and leaves no timer', async () => {
  const { link, pass, posts, timers } = begin(20)
  for (let i = 0; i < 20; i++) {
    link.send(['["ping",1]'])
    await pass(700)
    expect(link.writable).toBe(true)
    expect(timers()).toBeLessThanOrEqual(1)
  }
  link.send(['["ping",1]'])
  await pass(9_900)
  expect(posts.at(-1)?.aborted).toBe(false)
  await pass(200)
  expect(posts.at(20)?.aborted).toBe(true)
  link.close()
  expect(timers()).toBe(0)
})

test('a small one behind a large one has its own 10 s', async () => {
  const { link, pass, posts } = begin(1)
  link.send(['x'.repeat(512 * 1024)])
  await pass(100)
  link.send(['["ping",1]'])
  await pass(10_100)
  expect(posts.at(1)?.aborted).toBe(true)
  link.close()
})

test.each([-3_600_000, -4_000, 3_600_000])('a clock that is set by %i ms makes none wait longer', async (ms) => {
  const { link, pass, posts, turnClock } = begin()
  link.send(['["ping",1]'])
  await pass(5_000)
  turnClock(ms)
  await pass(6_000)
  expect(posts.map((signal) => signal.aborted)).toEqual([true, false])
  link.close()
})

test('where nothing is on its way no timer stays', async () => {
  const { link, pass, timers } = begin(1)
  link.send(['["ping",1]'])
  await pass(10_100)
  expect(timers()).toBe(0)
  link.close()
})
