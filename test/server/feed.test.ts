import { type LogPage, memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import type { Flushable, Flusher } from '../../packages/server/src/links/flusher.ts'
import type { Declared } from '../../packages/server/src/topics/declarations.ts'
import { Feed } from '../../packages/server/src/topics/feed.ts'
import type { Wire } from '../../packages/server/src/topics/wire.ts'
import { logWith } from '../support/log.ts'
import { settled } from './clock.ts'
import { drawSession } from './support.ts'
import { connectSocket, createWorld } from './world.ts'

/** A broker whose reads are answered when the test says so. */
function createSlowBroker() {
  const broker = memoryBroker()
  const waiting: (() => void)[] = []
  const reads: number[] = []
  const slow: typeof broker = {
    ...broker,
    log(name, options) {
      const log = broker.log(name, options)
      if (name !== 'news') return log
      return logWith(log, {
        read: (after, limits) => {
          reads.push(after)
          return new Promise<LogPage | null>((resolve) =>
            waiting.push(() => void Promise.resolve(log.read(after, limits)).then(resolve)),
          )
        },
      })
    },
  }
  return {
    broker: slow,
    reads,
    async answerAll() {
      while (waiting.length > 0) {
        for (const answer of waiting.splice(0)) answer()
        await settled()
      }
    },
  }
}

test('all who come back at the same place share one read of the history, and each has all of it', async () => {
  const { hub } = createWorld()
  const { broker, reads, answerAll } = createSlowBroker()
  const node = hub({ broker })
  const news = node.topic('news')
  for (let n = 1; n <= 5; n++) await news.publish(n)
  const { cursor } = await news.publish(6)
  const third = cursor.replace('.6', '.3')
  const far = Array.from({ length: 50 }, () => connectSocket(node, drawSession().hello([['news', third]])))
  await settled()
  await answerAll()
  for (const { of } of far) expect(of('entry').map(([, , , , data]) => data)).toEqual([4, 5, 6])
  // One from the third, and one that sees that nothing came meanwhile where something did.
  expect(reads.filter((after) => after === 3)).toHaveLength(1)
  expect(reads.length).toBeLessThan(5)
  // Then from the tail.
  await news.publish(7)
  await settled()
  await answerAll()
  for (const { of } of far) expect(of('entry').at(-1)?.[4]).toBe(7)
  await node.close({ drainMs: 0 })
})

test('`live` is after what stands before it in its batch, and before what stands behind', async () => {
  const { hub } = createWorld()
  const node = hub()
  const far = connectSocket(node, drawSession().hello())
  await settled()
  await far.send(['publish', 1, 'news', 'before'], ['subscribe', 2, 'news', 'live'], ['publish', 3, 'news', 'behind'])
  expect(far.of('entry').map(([, , , , data]) => data)).toEqual(['behind'])
  await node.close({ drainMs: 0 })
})

test('an entry is encoded once for all in its turn, and its frames are let go with it', () => {
  const flushables: Flushable[] = []
  const log = logWith(memoryBroker().log('news', { count: 9, bytes: 999, ageMs: 1e9, compact: false, idleMs: 1e9 }), {})
  const declared = { conflate: null, snapshot: null, schema: undefined, presence: null } as unknown as Declared
  const flusher = { mark: (one: Flushable) => void flushables.push(one) } as Flusher
  const feed = new Feed('news', log, declared, { uptime: () => 0, flusher })
  const wires: Wire[] = []
  feed.join({ offer: (wire) => void wires.push(wire) })
  void feed.open()
  for (const data of ['1', '2']) void log.append({ time: 0, data })
  expect(wires.map(({ text }) => text)).toHaveLength(2)
  expect(flushables).toEqual([feed])
  const [, newest] = wires
  expect(feed.wire(newest!.entry)).toBe(newest)
  feed.flush()
  expect(feed.wire(newest!.entry)).not.toBe(newest)
  expect(feed.wire(newest!.entry).text).toBe(newest!.text)
})
