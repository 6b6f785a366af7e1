import { memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld, request } from '../server/world.ts'

test('a session that comes back in its last moment does not expire under its new link', async () => {
  const { hub, pass } = createWorld()
  const node = hub({ sessionTtlMs: 4_000 })
  const { hello } = drawSession()
  const first = connectSocket(node, hello())
  await pass(1)
  await first.send(['publish', 1, 'a', 'one'])
  await pass(1)
  first.gone()
  // The last touch was at 1,000.
  await pass(4_900)
  const second = connectSocket(node, hello([], { link: 2, mode: 'resume' }))
  await pass(1_000)
  expect(second.of('welcome')).toHaveLength(1)
  await second.send(['publish', 2, 'a', 'two'])
  await pass(1)
  expect(second.of('receipt')).toEqual([['receipt', 2, expect.stringMatching(/\.2$/)]])
  expect(second.code).toBe(0)
  await node.close({ drainMs: 0 })
})

test('a request that comes again is not started again where the node has let the session go meanwhile', async () => {
  const { hub, pass } = createWorld()
  const node = hub({ sessionTtlMs: 4_000 })
  const started: unknown[] = []
  node.handle('count', ({ data }) => void started.push(data))
  const { hello } = drawSession()
  const first = connectSocket(node, hello())
  await pass(1_008)
  await first.send(['request', 1, 'count', 'one'])
  await pass(1)
  expect(started).toEqual(['one'])
  first.gone()
  // The node lets it go at 5,500; the last touch was at 2,000, so that the broker keeps it until 6,000.
  await pass(4_600)
  const second = connectSocket(node, hello([], { link: 2, mode: 'resume' }))
  await pass(1)
  await second.send(['request', 1, 'count', 'one'])
  await pass(1)
  expect(second.of('receipt')).toEqual([['receipt', 1]])
  expect(started).toEqual(['one'])
  await node.close({ drainMs: 0 })
})

test('an inbox outlives its session, though nothing is in it and nobody reads it', async () => {
  const { hub, pass, clock } = createWorld()
  const broker = memoryBroker({ clock, sweepMs: 100 })
  const [first, other] = [0, 1].map(() => hub({ broker, sessionTtlMs: 4_000 }))
  const { hello, line } = drawSession()
  const before = connectSocket(first!, hello([['$inbox', 'start']]))
  await pass(1)
  const [[, , cursor = '']] = before.of('subscribed') as [['subscribed', string, string]]
  await first!.close({ drainMs: 0 })
  // What it sends comes in at the other node, and its way down is gone.
  for (let second = 0; second < 6; second++) {
    request(other!, '/send', `${line()}\n["ping",${second}]`)
    await pass(1_000)
  }
  // The broker looks for what is over as it is used.
  await other!.topic('a').publish('x')
  const after = connectSocket(other!, hello([['$inbox', cursor]], { link: 2, mode: 'resume' }))
  await pass(1)
  expect(after.of('subscribed').map(([, , at]) => at)).toEqual([cursor])
  expect(after.of('gap')).toEqual([])
  await other!.close({ drainMs: 0 })
})
