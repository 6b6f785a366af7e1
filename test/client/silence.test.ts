import { describe, expect, test } from 'vitest'
import { seeded } from '../support/world.ts'
import type { Script } from './scripted.ts'
import { start, time } from './started.ts'

const works: Script = { proves: 10 }
const refused: Script = { lost: { after: 5, code: 'refused' } }
const swallowed: Script = {}
/** Handshake and welcome pass, and then nothing. */
const mute: Script = { proves: 10, pong: null }
/** Answers the first ping, and is silent from then on. */
const stuck: Script = { proves: 10, pong: [10, null] }

/** From one opening to the next. */
const pausesOf = ({ opened }: { opened: readonly number[] } = { opened: [] }) =>
  opened.slice(1).map((at, i) => at - (opened[i] as number))
const times = (path: readonly string[], state: string) => path.filter((at) => at.endsWith(` ${state}`)).length

describe('a link that never answers', () => {
  test('gives way to another transport, and is tried again after pauses that grow', async () => {
    const { connection, path, websocket, sse } = start({ websocket: [mute], sse: [works] })
    await time.pass(3_000)
    expect(path.slice(-3)).toEqual([
      '10 online.settled websocket',
      '1510 online.suspect websocket',
      '1520 online.lesser sse',
    ])
    expect(connection.getState()).toMatchObject({ reason: 'silent', lastError: { code: 'silent' } })
    await time.pass(180_000)
    expect(connection.getState()).toMatchObject({ transport: 'sse', reason: 'silent' })
    expect([times(path, 'online.settled websocket'), sse?.opened.length]).toEqual([1, 1])
    // A climb takes 8 s: it holds for 4 s, and has 4 s to answer.
    expect(pausesOf(websocket)).toEqual([11_520, 28_010, 48_010, 88_010])
  })

  test('carries again once it answers', async () => {
    const { connection, path, websocket, sse } = start({ websocket: [mute, mute, works], sse: [works] })
    await time.pass(45_000)
    expect(path.slice(-4)).toEqual([
      '19530 online.lesser sse',
      '39530 online.upgrading sse',
      '39540 online.trial sse',
      '43550 online.settled websocket',
    ])
    await time.pass(60_000)
    expect(connection.getState()).toMatchObject({ transport: 'websocket', reason: null, state: 'online.settled' })
    expect([websocket?.openNow, sse?.openNow]).toEqual([1, 0])
  })

  test('is tried on where nothing else works', async () => {
    const { connection, path } = start({ websocket: [mute, mute, mute, works], sse: [refused] })
    await time.pass(30_000)
    expect(connection.getState()).toMatchObject({ transport: 'websocket', state: 'online.settled' })
    expect(times(path, 'online.suspect websocket')).toBe(3)
  })

  test('is doubted however long it was waited for', async () => {
    const { connection, path } = start({ websocket: [mute], sse: [refused, refused, works] })
    await time.pass(90_000)
    // Each silence in a row is given longer than the one before, the third one 6 s.
    expect(path).toContain('10550 online.lesser sse')
    expect(times(path, 'online.settled websocket')).toBe(3)
    expect(connection.getState()).toMatchObject({ transport: 'sse', reason: 'silent' })
  })

  test('and neither does the other one: both are tried in turn, and the pauses grow', async () => {
    const { connection, websocket, sse } = start({ websocket: [mute], sse: [mute] })
    await time.pass(300_000)
    const opened = (websocket?.opened.length ?? 0) + (sse?.opened.length ?? 0)
    expect(opened).toBeGreaterThan(10)
    expect(opened).toBeLessThan(60)
    expect(connection.getState().phase).toBe('online')
  })
})

describe('a slow network', () => {
  test.each([2_000, 3_000, 4_000])('with a round trip of %i ms is no silence', async (ms) => {
    const slow: Script = { proves: ms, pong: ms }
    const { connection, path } = start({ websocket: [slow], sse: [slow], poll: [slow] })
    await time.pass(120_000)
    expect(connection.getState()).toMatchObject({ transport: 'websocket', state: 'online.settled', attempt: 0 })
    // What is raced beside it while it is suspect never comes to carry.
    expect(new Set(path.map((at) => at.split(' ')[2]))).toEqual(new Set([undefined, 'websocket']))
  })

  test.each([1, 2, 3, 4, 5])('whose round trips differ comes to rest on the best transport (seed %i)', async (seed) => {
    const random = seeded(seed)
    const rtt = () => 2_000 + 2_000 * random()
    const scripts = Array.from({ length: 50 }, (): Script => ({ proves: rtt(), pong: Array.from({ length: 50 }, rtt) }))
    const { connection, path } = start({ websocket: scripts, sse: [...scripts].reverse(), poll: scripts })
    await time.pass(300_000)
    expect(connection.getState()).toMatchObject({ transport: 'websocket', attempt: 0 })
    const carriers = path.map((at) => at.split(' ')[2]).filter((name, i, all) => name && name !== all[i - 1])
    expect(carriers.length).toBeLessThan(8)
  })
})

describe('a stream that is buffered', () => {
  test('and comes through now and then is climbed to after pauses that grow', async () => {
    // What fills the buffer is passed on; a new stream, which is quiet, is not.
    const { path, connection } = start({
      websocket: [refused],
      sse: [swallowed, ...Array.from({ length: 20 }, () => [stuck, swallowed]).flat()],
      poll: [works],
    })
    await time.pass(400_000)
    const falls = path.flatMap((at) => (at.endsWith('online.suspect sse') ? [Number(at.split(' ')[0])] : []))
    const pauses = falls.slice(1).map((at, i) => Math.round((at - (falls[i] as number)) / 1_000))
    // Twice as long for the stream that fell silent, and again for the one that was tried right then.
    expect(pauses).toEqual([57, 177])
    expect(connection.getState()).toMatchObject({ transport: 'poll', reason: 'refused' })
  })
})
