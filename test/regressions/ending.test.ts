import { memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld, request } from '../server/world.ts'

test('what waits for a hook while its session ends is not applied again', async () => {
  const { hub, pass, clock } = createWorld()
  const asked: (() => void)[] = []
  const broker = memoryBroker({ clock })
  const create = () =>
    hub({
      broker,
      authenticate: () => 'ada',
      authorize: () => new Promise((resolve) => asked.push(() => resolve(true))),
    })
  const [node, other] = [create(), create()]
  const heard: unknown[] = []
  node.topic('a').subscribe((data) => heard.push(data))
  const { hello, line } = drawSession()
  const first = connectSocket(node, hello())
  await pass(1)
  await first.send(['publish', 1, 'a', 'one'])
  asked.shift()?.()
  await pass(1)
  // Its receipt is lost with the link. It comes again in a POST to another node, and the hook takes its time.
  first.gone()
  const stream = request(node, '/sse', hello([], { link: 2, mode: 'resume' }))
  await pass(1)
  const posted = request(other, '/send', `${line(2)}\n["publish",1,"a","one"]\n["publish",2,"a","two"]`)
  await pass(1)
  await node.disconnect('ada')
  for (const resolve of asked) resolve()
  await pass(1)
  expect(heard).toEqual(['one'])
  const close = ['close', 4305, 'disconnected', expect.any(String)]
  expect([stream.frames.at(-1), posted.frames]).toEqual([close, [close]])
  await Promise.all([node, other].map((each) => each.close({ drainMs: 0 })))
})
