import { BrokerError, memoryBroker, type SessionHandle } from '@holdfast/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { settled } from '../server/clock.ts'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld, request, slowBroker } from '../server/world.ts'

const unhandled: unknown[] = []
const catchUnhandled = (error: unknown) => void unhandled.push(error)
beforeEach(() => void process.on('unhandledRejection', catchUnhandled))
afterEach(() => {
  process.off('unhandledRejection', catchUnhandled)
  expect(unhandled.splice(0), 'rejections that nobody handled').toEqual([])
})

/** Enough turns for a broker that answers later. */
const quiet = async () => {
  for (let turn = 0; turn < 40; turn++) await settled()
}

/** A hub whose broker answers later, and fails at what is told, sooner than it would have answered. */
async function startHub(options: Parameters<ReturnType<typeof createWorld>['hub']>[0] = {}) {
  const world = createWorld()
  const broker = slowBroker(memoryBroker({ clock: world.clock }))
  const sessions: SessionHandle[] = []
  const hub = world.hub({ broker, onSession: (session) => void sessions.push(session), ...options })
  await quiet()
  return {
    hub,
    sessions,
    errors: world.errors,
    failAt(operation: string, error: Error = new Error('down')) {
      broker.fail = (each) => (each === operation ? error : null)
    },
    async close() {
      broker.fail = () => null
      await hub.close({ drainMs: 0 })
      expect(world.time.timers, 'timers left behind').toBe(0)
    },
  }
}

test.each([
  ['create', 'new'],
  ['get', 'resume'],
  ['received', 'new'],
])("a hello during which the broker fails at '%s' is told so, on whatever transport", async (operation, mode) => {
  const { hub, errors, failAt, close } = await startHub()
  failAt(operation)
  const hello = () => drawSession().hello([['$inbox', 'start']], { mode })
  const far = connectSocket(hub, hello())
  const posted = ['/sse', '/poll'].map((path) => request(hub, path, hello()))
  await quiet()
  expect([far.code, far.reason]).toEqual([4005, 'broker-failed'])
  expect(posted.map(({ status }) => status)).toEqual([503, 503])
  expect(posted.flatMap(({ frames }) => frames.map((frame) => frame.slice(0, 3)))).toEqual([
    ['close', 4005, 'broker-failed'],
    ['close', 4005, 'broker-failed'],
  ])
  expect(errors).toEqual(['broker-failed', 'broker-failed', 'broker-failed'])
  await close()
})

test.each([
  ['append', 'may or may not have been applied', new Error('down'), 'unknown'],
  ['append', 'was certainly not applied', new BrokerError('full', { certain: true }), 'rejected'],
])("a message to a session whose '%s' fails and %s says its outcome", async (operation, _, error, outcome) => {
  const { hub, sessions, failAt, close } = await startHub()
  connectSocket(hub, drawSession().hello([['$inbox', 'start']]))
  await quiet()
  failAt(operation, error)
  await expect(sessions[0]?.send('hi')).rejects.toMatchObject({ name: 'HoldfastError', code: 'broker-failed', outcome })
  await close()
})

test('a message to a session that is not here and cannot be looked up says that its outcome is not known', async () => {
  const { hub, sessions, failAt, close } = await startHub()
  connectSocket(hub, drawSession().hello())
  await quiet()
  const [session] = sessions
  if (session) await hub.disconnect(session)
  failAt('get')
  await expect(session?.send('hi')).rejects.toMatchObject({ code: 'broker-failed', outcome: 'unknown' })
  await close()
})

test('a subscription whose topic cannot be read while it waits for its turn ends its link, and not the process', async () => {
  const { hub, errors, failAt, close } = await startHub()
  const far = connectSocket(hub, drawSession().hello())
  await quiet()
  failAt('state')
  // The publish has its turn first, and takes longer than the other topic takes to fail.
  await far.send(['publish', 1, 'a', 1], ['subscribe', 2, 'b', 'live'])
  await quiet()
  expect([far.code, far.reason]).toEqual([4005, 'broker-failed'])
  expect(errors).toEqual(['broker-failed'])
  await close()
})

test('a poll of a topic that cannot be read while its session is looked up ends its link, and not the process', async () => {
  const { hub, errors, failAt, close } = await startHub()
  const { hello, line } = drawSession()
  const first = request(hub, '/poll', hello([['$inbox', 'start']]))
  await quiet()
  expect(first.frames.map(([kind]) => kind)).toContain('welcome')
  failAt('state')
  const second = request(hub, '/poll', `${line()}\n["poll",[["b","live"]]]`)
  await quiet()
  expect(second.status).toBe(503)
  expect(second.frames.map((frame) => frame.slice(0, 3))).toEqual([['close', 4005, 'broker-failed']])
  expect(errors).toEqual(['broker-failed'])
  await close()
})
