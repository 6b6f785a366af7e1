import type { TopicEvent } from '@holdfast/client/core'
import { afterEach, describe, expect, test } from 'vitest'
import { start, type Way } from './by-hand.ts'

const open: ReturnType<typeof start>[] = []
afterEach(async () => {
  for (const { close } of open.splice(0)) await close()
})

/** A connection over one transport, on its first link. */
async function begin() {
  const started = start('only')
  open.push(started)
  const { links } = started.ways[0] as Way
  const heard: TopicEvent<unknown>[] = []
  const listen = (from: 'live' | 'start' | 'snapshot' | { last: number } | (string & {}), to = heard) =>
    started.connection.topic('board', { from }).events$.subscribe((event) => to.push(event))
  const next = async (lose = true) => {
    if (lose) links.at(-1)!.lose()
    await started.pass(1_000)
    return links.at(-1)!
  }
  return { ...started, heard, listen, next }
}

const entry = (cursor: string, data: unknown) => ['entry', 'board', cursor, 1, data]
const gap = (from: string, to: string) => ['gap', 'board', from, to, 'trimmed', true]
const told = { type: 'gap', from: 'k.2', to: 'k.7', reason: 'trimmed', snapshot: true }
const state = { type: 'snapshot', data: { all: 7 }, cursor: 'k.7' }
const message = (offset: number, data: unknown) => expect.objectContaining({ type: 'message', offset, data })

describe('a gap and its snapshot are one step', () => {
  test('a link that is lost between the two loses neither', async () => {
    const { heard, listen, next } = await begin()
    listen('k.2')
    const first = await next(false)
    first.welcome(['subscribed', 'board', 'k.2', { from: 'k.2' }], gap('k.2', 'k.7'))
    expect(heard).toEqual([])
    const second = await next()
    expect(second.topics.get('board')).toBe('k.2')
    second.welcome(
      ['subscribed', 'board', 'k.2', { from: 'k.2' }],
      gap('k.2', 'k.7'),
      ['snapshot', 'board', 'k.7', { all: 7 }],
      entry('k.8', 8),
    )
    expect(heard).toEqual([told, state, message(8, 8)])
  })

  test('the new link may tell it otherwise', async () => {
    const { heard, listen, next } = await begin()
    listen('k.2')
    const first = await next(false)
    first.welcome(['subscribed', 'board', 'k.2', { from: 'k.2' }], gap('k.2', 'k.7'))
    const second = await next()
    second.welcome(
      ['subscribed', 'board', 'k.2', { from: 'k.2' }],
      ['gap', 'board', 'k.2', 'k.7', 'trimmed'],
      ['snapshot', 'board', 'k.7', 'not announced here'],
      entry('k.8', 8),
    )
    const { snapshot, ...plain } = told
    expect(heard).toEqual([plain, message(8, 8)])
  })

  test('who joins later and is further than the wire hears of neither', async () => {
    const { heard, listen, next, pass } = await begin()
    listen('k.2')
    const far = await next(false)
    far.welcome(['subscribed', 'board', 'k.2', { from: 'k.2' }])
    const late: TopicEvent<unknown>[] = []
    listen('k.7', late)
    await pass(0)
    far.down(gap('k.2', 'k.7'), ['snapshot', 'board', 'k.7', { all: 7 }], entry('k.8', 8))
    expect(heard).toEqual([told, state, message(8, 8)])
    expect(late).toEqual([message(8, 8)])
  })
})

describe("from 'snapshot'", () => {
  const subscribed = ['subscribed', 'board', 'k.7', { from: 'snapshot', snapshot: true }]

  test('there is no position before the snapshot: a link that is lost between the two loses nothing', async () => {
    const { heard, listen, next } = await begin()
    listen('snapshot')
    const first = await next(false)
    first.welcome(subscribed)
    const second = await next()
    expect(second.topics.get('board')).toBe('snapshot')
    second.welcome(subscribed, ['snapshot', 'board', 'k.7', { all: 7 }], entry('k.8', 8))
    expect(heard).toEqual([state, message(8, 8)])
    const third = await next()
    expect(third.topics.get('board')).toBe('k.8')
  })

  test('where there is none it begins where the hub says', async () => {
    const { heard, listen, next } = await begin()
    listen('snapshot')
    const far = await next(false)
    far.welcome(['subscribed', 'board', 'k.3', { from: 'snapshot' }], entry('k.4', 4))
    expect(heard).toEqual([message(4, 4)])
  })

  test('one who comes later reads it, joined by offset, and the wire subscription is one', async () => {
    const { heard, listen, next, pass } = await begin()
    listen('live')
    const far = await next(false)
    far.welcome(['subscribed', 'board', 'k.9', { from: 'live' }])
    const late: TopicEvent<unknown>[] = []
    listen('snapshot', late)
    await pass(0)
    const [, id, ...question] = far.of('read')[0]!
    expect(question).toEqual(['board', 'snapshot', 9])
    far.down(entry('k.10', 10))
    far.down(['page', id, 'k.7', [8, 9].map((n) => [`k.${n}`, 1, n]), true, { all: 7 }])
    await pass(0)
    far.down(['page', far.of('read')[1]![1], 'k.9', [['k.10', 1, 10]], true], entry('k.11', 11))
    expect(late).toEqual([state, ...[8, 9, 10, 11].map((n) => message(n, n))])
    expect(heard).toEqual([message(10, 10), message(11, 11)])
    expect(far.of('subscribe')).toEqual([])
  })

  test('the page of one that is further than the wire', async () => {
    const { listen, next, pass } = await begin()
    listen('live')
    const far = await next(false)
    far.welcome(['subscribed', 'board', 'k.5', { from: 'live' }])
    const late: TopicEvent<unknown>[] = []
    listen('snapshot', late)
    await pass(0)
    far.down(['page', far.of('read')[0]![1], 'k.7', [], true, 'AQID', 'base64'])
    for (const n of [6, 7, 8]) far.down(entry(`k.${n}`, n))
    expect(late).toEqual([{ ...state, data: Uint8Array.of(1, 2, 3) }, message(8, 8)])
  })

  test('others wait for it, and then join', async () => {
    const { heard, listen, next, pass } = await begin()
    listen('snapshot')
    const far = await next(false)
    const late: TopicEvent<unknown>[] = []
    listen('k.7', late)
    far.welcome(subscribed)
    await pass(0)
    expect(far.of('read')).toEqual([])
    far.down(['snapshot', 'board', 'k.7', { all: 7 }], entry('k.8', 8))
    await pass(0)
    expect(heard).toEqual([state, message(8, 8)])
    expect(late).toEqual([message(8, 8)])
  })
})

test('a late listener whose history is gone gets the gap with the snapshot', async () => {
  const { listen, next, pass } = await begin()
  listen('live')
  const far = await next(false)
  far.welcome(['subscribed', 'board', 'k.8', { from: 'live' }])
  const late: TopicEvent<unknown>[] = []
  listen('k.2', late)
  await pass(0)
  far.down(['page', far.of('read')[0]![1], 'k.7', [['k.8', 1, 8]], true, { all: 7 }])
  expect(late).toEqual([told, state, message(8, 8)])
})
