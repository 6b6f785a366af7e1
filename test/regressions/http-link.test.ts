import { type Clock, connect, type Link, poll, sse, type Transport } from '@holdfast/client/core'
import { expect, test } from 'vitest'
import { createFakeClock } from '../server/clock.ts'
import { limits } from './by-hand.ts'

interface Post {
  readonly frames: any[][]
  readonly signal: AbortSignal
  answer(...frames: unknown[][]): void
}

/** `fetch` whose far end is the test: event streams, or polls, and the POSTs beside them. */
function createFetch() {
  const posts: Post[] = []
  const streams: { down(...frames: unknown[][]): void }[] = []
  const fetchLike = (url: string, { body, signal }: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      if (url.endsWith('/send')) {
        const frames = String(body)
          .split('\n')
          .map((line) => JSON.parse(line))
        posts.push({ frames, signal: signal as AbortSignal, answer: (...say) => resolve(new Response(joined(say))) })
        return
      }
      const encoder = new TextEncoder()
      const stream = new ReadableStream({
        start(controller) {
          const write = (text: string) => controller.enqueue(encoder.encode(text))
          streams.push({ down: (...say) => write(joined(say).replace(/^/gm, 'data: ').concat('\n\n')) })
        },
      })
      resolve(new Response(stream, { headers: { 'content-type': 'text/event-stream' } }))
    })
  return { fetchLike, posts, streams }
}

const joined = (frames: unknown[][]) => frames.map((frame) => JSON.stringify(frame)).join('\n')

test('a link whose POST is answered late is kept as long as its stream answers pings', async () => {
  const time = createFakeClock()
  const { fetchLike, posts, streams } = createFetch()
  const { clock } = time
  const transports = [sse(fetchLike)]
  const connection = connect('http://hub.test', { transports, clock, random: () => 0.5, page: null, storage: null })
  const states: string[] = []
  connection.state$.subscribe(({ state }) => states.push(state))
  let answered = 0
  /** The hub deals with pings at once, and is busy with all else. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      await time.pass(100)
      for (const post of posts.slice(answered)) {
        for (const [kind, id] of post.frames) if (kind === 'ping') streams[0]?.down(['pong', id])
        if (!post.frames.some(([kind]) => kind === 'publish')) post.answer(['heartbeat'])
      }
      answered = posts.length
    }
  }
  await time.pass(0)
  streams[0]?.down(
    ['welcome', 1, { session: connection.session, received: 0, user: 'u', heartbeatMs: 5_000, limits }],
    ['subscribed', '$inbox', 'i.0', { from: 'start' }],
  )
  await pass(1_000)
  expect(connection.getState().state).toBe('online.settled')
  const published = connection.topic('p').publish('hi')
  await pass(8_000)
  const publishing = posts.filter(({ frames }) => frames.some(([kind]) => kind === 'publish'))
  expect(publishing.length).toBe(1)
  expect(streams.length).toBe(1)
  expect(new Set(states)).toEqual(new Set(['idle', 'connecting.headStart', 'online.settled']))
  publishing[0]?.answer(['receipt', 1, 'p.1'])
  await pass(100)
  expect((await published).offset).toBe(1)
  const closed = connection.close()
  await pass(1_000)
  await closed
  expect(time.timers, 'timers left behind').toBe(0)
})

function openLink(transport: Transport, clock: Clock): Link {
  const ignore = () => {}
  return transport.open(
    { url: 'http://hub.test', hello: '[]', session: () => '["session"]', topics: () => [], clock },
    { opened: ignore, batch: ignore, writable: ignore, troubled: ignore, tooLarge: () => undefined, lost: ignore },
  )
}

test('a POST that was answered is left alone by the next one', async () => {
  const { clock, pass } = createFakeClock()
  const { fetchLike, posts } = createFetch()
  const link = openLink(sse(fetchLike), clock)
  link.send(['["publish",1,"p",1]'])
  posts[0]?.answer(['receipt', 1, 'p.1'])
  await pass(0)
  expect(link.writable).toBe(true)
  link.send(['["publish",2,"p",1]'])
  expect(posts.map(({ signal }) => signal.aborted)).toEqual([false, false])
  link.close()
})

test.each([
  ['an event stream', sse],
  ['polls', poll],
])('a ping beside a POST on a link of %s ends the former one, and none outlives the link', async (_, transport) => {
  const time = createFakeClock()
  const { clock, pass } = time
  const { fetchLike, posts } = createFetch()
  const link = openLink(transport(fetchLike), clock)
  link.send(['["publish",1,"p",1]'])
  expect(link.writable).toBe(false)
  link.beside?.('["ping",1]')
  link.beside?.('["ping",2]')
  expect(posts.map(({ frames }) => frames)).toEqual([
    [['session'], ['publish', 1, 'p', 1]],
    [['session'], ['ping', 1]],
    [['session'], ['ping', 2]],
  ])
  expect(posts.map(({ signal }) => signal.aborted)).toEqual([false, true, false])
  await pass(0)
  link.close()
  expect(posts.map(({ signal }) => signal.aborted)).toEqual([true, true, true])
  await pass(60_000)
  expect([posts.length, time.timers]).toEqual([3, 0])
})
