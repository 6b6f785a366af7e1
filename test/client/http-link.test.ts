import { sse } from '@holdfast/client/core'
import { expect, test } from 'vitest'
import { createFakeClock } from '../server/clock.ts'

/** An event stream that stays open, and POSTs that are never answered. */
function begin() {
  const { clock, pass } = createFakeClock()
  const posts: AbortSignal[] = []
  const transport = sse((url, { signal }) => {
    if (url.endsWith('/sse')) return new Promise(() => {})
    const own = signal as AbortSignal
    posts.push(own)
    return new Promise((_, reject) => own.addEventListener('abort', () => reject(own.reason)))
  })
  const ignore = () => {}
  const link = transport.open(
    { url: 'http://hub.test', hello: '', session: () => '', topics: () => [], clock },
    { opened: ignore, batch: ignore, writable: ignore, troubled: ignore, tooLarge: () => undefined, lost: ignore },
  )
  return { link, pass, posts }
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
