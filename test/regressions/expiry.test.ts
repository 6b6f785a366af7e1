import { expect, test } from 'vitest'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld } from '../server/world.ts'

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
