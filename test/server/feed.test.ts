import { type LogPage, memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
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
