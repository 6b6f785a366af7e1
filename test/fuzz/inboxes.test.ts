import type { Hub, SessionHandle } from '@holdfast/server'
import { describe, expect, test } from 'vitest'
import { settled } from '../server/clock.ts'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld, request } from '../server/world.ts'

describe("the name of another session's inbox is no topic, and nothing of it is lost when it is asked for", () => {
  const askers: [string, (hub: Hub, inbox: string) => Promise<unknown>][] = [
    [
      'by a subscribe',
      async (hub, inbox) => {
        const socket = connectSocket(hub, drawSession().hello())
        await settled()
        await socket.send(['subscribe', 1, inbox, 'live'])
      },
    ],
    ['by a hello', async (hub, inbox) => connectSocket(hub, drawSession().hello([[inbox, 'live']]))],
    [
      'by a poll',
      async (hub, inbox) => {
        const { hello, line } = drawSession()
        await request(hub, '/poll', hello()).answer
        void request(hub, '/poll', `${line()}\n${JSON.stringify(['poll', [[inbox, 'live']]])}`)
      },
    ],
    ['by its address', (hub, inbox) => get(hub, `/topics/${encodeURIComponent(inbox)}`)],
  ]
  test.each(askers)('%s', async (_, ask) => {
    const { hub: create } = createWorld()
    const handles: SessionHandle[] = []
    const hub = create({ history: { count: 0 }, onSession: (handle) => handles.push(handle) })
    const { id, hello } = drawSession()
    const first = connectSocket(hub, hello([['$inbox', 'start']]))
    await settled()
    first.gone()
    await handles[0]!.send('waits')
    await ask(hub, `$inbox/${id}`)
    await settled()
    const second = connectSocket(hub, hello([['$inbox', first.of('subscribed')[0]![2]]], { link: 2, mode: 'resume' }))
    await settled()
    expect(second.of('gap')).toEqual([])
    expect(second.of('entry').map(([, , , , data]) => data)).toEqual(['waits'])
    await hub.close({ drainMs: 0 })
  })
})

async function get(hub: Hub, path: string): Promise<void> {
  await hub.exchange({
    ...{ method: 'GET', path, headers: {}, address: undefined, query: () => undefined, body: async () => '' },
    ...{ answer() {}, stream: () => null, onGone() {}, destroy() {} },
  })
}
