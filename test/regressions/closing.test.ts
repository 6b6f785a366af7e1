import { type Broker, memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { settled } from '../server/clock.ts'
import { drawSession, post, serve } from '../server/support.ts'
import { connectSocket, createWorld, request, slowBroker } from '../server/world.ts'

const quiet = async () => {
  for (let turn = 0; turn < 40; turn++) await settled()
}

/** A broker that answers later, and what goes on at it: an operation can be held, and who listens is counted. */
function createWatchedBroker(inner: Broker) {
  const broker = slowBroker(inner)
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const watch = { held: '', reached: 0, listening: 0, open: () => open() }
  const counted =
    <P extends unknown[]>(listen: (...given: P) => unknown) =>
    async (...given: P) => {
      const stop = (await listen(...given)) as () => void
      watch.listening++
      return () => {
        watch.listening--
        stop()
      }
    }
  const gated =
    <P extends unknown[], R>(name: string, run: (...given: P) => R) =>
    async (...given: P) => {
      if (watch.held === name) {
        watch.reached++
        await opened
      }
      return run(...given)
    }
  const { sessions, log, listen } = broker
  Object.assign(broker, {
    listen: gated('listen', counted(listen)),
    sessions: { ...sessions, create: gated('create', sessions.create), received: gated('received', sessions.received) },
    log(...given: Parameters<Broker['log']>) {
      const made = log(...given)
      return { ...made, tail: gated('tail', counted(made.tail)) }
    },
  })
  return { broker, watch }
}

test.each(['create', 'listen', 'received', 'tail'])(
  "nothing is left of links for which the broker is asked to '%s' while the hub closes",
  async (operation) => {
    const world = createWorld()
    const { broker, watch } = createWatchedBroker(memoryBroker({ clock: world.clock }))
    const hub = world.hub({ broker })
    await quiet()
    watch.held = operation
    const hello = () => drawSession().hello([['$inbox', 'start']])
    const socket = connectSocket(hub, hello())
    const posted = ['/sse', '/poll'].map((path) => request(hub, path, hello()))
    await quiet()
    expect(watch.reached, 'links that wait for the broker').toBe(3)
    await hub.close({ drainMs: 0 })
    watch.open()
    await quiet()
    expect(watch.listening, 'listeners at the broker').toBe(0)
    expect(socket.destroyed, 'whether the socket is gone').toBe(true)
    expect(posted.filter(({ status, ended }) => status === 200 && !ended)).toEqual([])
    expect(hub.stats().sessions).toEqual({ websocket: 0, sse: 0, poll: 0, away: 0 })
    expect(world.time.timers, 'timers left behind').toBe(0)
  },
)

test('a request that comes after the end of the hub is told to go elsewhere', async () => {
  const served = await serve()
  await served.hub.close({ drainMs: 0 })
  const { hello, line } = drawSession()
  for (const [path, body] of [
    ['sse', hello()],
    ['poll', hello()],
    ['send', line()],
  ] as const) {
    const { status, frames } = await post(`${served.base}/${path}`, body)
    expect([status, frames.map((frame) => frame.slice(0, 3))]).toEqual([503, [['close', 4100, 'shutting-down']]])
  }
  await served.close()
})
