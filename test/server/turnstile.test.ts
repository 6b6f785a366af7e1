import { expect, test } from 'vitest'
import { settled } from './clock.ts'
import { drawSession } from './support.ts'
import { connectSocket, createWorld } from './world.ts'

const never = () => new Promise<never>(() => {})

test('those for whom there is no room are told to come one after the other, as fast as others can get through', async () => {
  const { hub, pass } = createWorld()
  const node = hub({ limits: { handshakes: 10 }, handshakeMs: 10_000, authenticate: never })
  const far = Array.from({ length: 30 }, () => connectSocket(node, drawSession().hello()))
  await settled()
  const told = far.filter(({ code }) => code > 0)
  expect(told).toHaveLength(20)
  const delays = told.map(({ reason }) => Number(/^later (\d+)$/.exec(reason)?.[1]))
  // Ten in ten seconds is the worst that can be.
  expect(delays).toEqual(Array.from({ length: 20 }, (_, i) => 2_000 + 1_000 * i))
  expect(node.stats().refusals).toEqual({ later: 20 })
  await pass(10_000)
  expect(far.filter(({ reason }) => reason === 'handshake-timeout')).toHaveLength(10)
  // Room again.
  const next = connectSocket(node, drawSession().hello())
  await settled()
  expect(next.code).toBe(0)
  await node.close({ drainMs: 0 })
})

test('few are let in within one turn of the event loop, in the order in which they came', async () => {
  const { clock, hub } = createWorld()
  const turns: (() => void)[] = []
  const begun: string[] = []
  const authenticate = ({ token = '' }: { token: string | undefined }) => begun.push(token)
  const node = hub({ clock: { ...clock, defer: (run) => void turns.push(run) }, authenticate })
  const names = Array.from({ length: 50 }, (_, i) => `token-${i}`)
  for (const token of names) connectSocket(node, drawSession().hello([], { token }))
  const seen: number[] = []
  while (begun.length < names.length) {
    await settled()
    seen.push(begun.length)
    for (const run of turns.splice(0)) run()
  }
  expect(seen).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50])
  expect(begun).toEqual(names)
  await node.close({ drainMs: 0 })
})
