import { type Broker, type Exchange, memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { settled } from '../server/clock.ts'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld, request, slowBroker } from '../server/world.ts'

type World = ReturnType<typeof createWorld>
type Hub = ReturnType<World['hub']>
type Options = Parameters<World['hub']>[0]

/** Enough turns for a broker that answers later. */
const quiet = async () => {
  for (let turn = 0; turn < 60; turn++) await settled()
}

/** Two hubs on one broker that answers later. */
function twoNodes(options: Options = {}) {
  const world = createWorld()
  const broker = slowBroker(memoryBroker({ clock: world.clock }))
  const [a, b] = [world.hub({ broker, ...options }), world.hub({ broker, ...options })]
  return { ...world, broker, a, b, close: () => closeAll(world, a, b) }
}

async function closeAll({ time }: World, ...hubs: Hub[]) {
  await Promise.all(hubs.map((hub) => hub.close({ drainMs: 0 })))
  expect(time.timers, 'timers left behind').toBe(0)
}

/** What waits until the test opens it. */
function createGate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** A plain stream of a topic at its own address. */
function openPlain(hub: Hub, topic: string, from: string) {
  const state = { status: 0, text: '' }
  const exchange: Exchange = {
    method: 'GET',
    path: `/topics/${topic}`,
    headers: { host: 'x' },
    address: undefined,
    query: (name) => (name === 'from' ? from : undefined),
    body: async () => '',
    answer(status, _, text) {
      Object.assign(state, { status, text })
    },
    stream(status, _, events) {
      state.status = status
      return {
        write(chunk) {
          state.text += chunk.text
        },
        buffered: 0,
        end: () => events.gone(),
        destroy: () => events.gone(),
      }
    },
    onGone() {},
    destroy() {},
  }
  void hub.exchange(exchange)
  return state
}

test('a subscription from `live` that comes in at another node than its link has none of the history', async () => {
  const { a, b, close } = twoNodes({ history: { count: 3 } })
  for (const n of [1, 2, 3, 4, 5]) await a.topic('chat').publish(n)
  const { hello, line } = drawSession()
  const stream = request(a, '/sse', hello([['$inbox', 'start']]))
  await quiet()
  const posted = request(b, '/send', `${line()}\n["subscribe",1,"chat","live"]`)
  await quiet()
  expect(posted.frames).toEqual([['receipt', 1]])
  await a.topic('chat').publish(6)
  await quiet()
  const chat = stream.frames.filter(([, topic]) => topic === 'chat')
  expect(chat.map(([kind, , , , data]) => [kind, data])).toEqual([
    ['subscribed', undefined],
    ['entry', 6],
  ])
  await close()
})

test('a session whose broker failed once is served when it comes again', async () => {
  const { a, broker, close } = twoNodes()
  await quiet()
  const { hello } = drawSession()
  broker.fail = (operation) => (operation === 'listen' ? new Error('down') : null)
  const first = connectSocket(a, hello())
  await quiet()
  expect(first.of('welcome')).toEqual([])
  broker.fail = () => null
  const second = connectSocket(a, hello([], { link: 2 }))
  await quiet()
  expect(second.of('welcome').length).toBe(1)
  await close()
})

test('a session does not expire while a link of it is being admitted', async () => {
  const { a, broker, pass, close } = twoNodes({ sessionTtlMs: 10_000, handshakeMs: 600_000 })
  a.handle('echo', ({ data }) => data)
  const { hello } = drawSession()
  const first = connectSocket(a, hello([['$inbox', 'start']]))
  await quiet()
  await pass(1_000)
  first.gone()
  await quiet()
  await pass(9_400)
  const gate = createGate()
  const { received } = broker.sessions
  Object.assign(broker.sessions, {
    async received(id: string) {
      await gate.opened
      return received(id)
    },
  })
  const second = connectSocket(a, hello([['$inbox', 'start']], { link: 2, mode: 'resume' }))
  await quiet()
  // By now the time of one that nobody had come back to would be over.
  await pass(1_200)
  gate.open()
  await quiet()
  expect(second.of('welcome').length).toBe(1)
  await second.send(['request', 1, 'echo', 'hi'])
  await quiet()
  expect(second.of('receipt').length).toBe(1)
  expect(second.of('entry').map(([, , , , data]) => data)).toEqual(['hi'])
  await close()
})

test('a quiet topic stays for one who is about to read it, however late the broker answers', async () => {
  const world = createWorld()
  let held = Promise.resolve()
  const broker = slowBroker(memoryBroker({ clock: world.clock }))
  const { log } = broker
  Object.assign(broker, {
    log(...parameters: Parameters<Broker['log']>) {
      const made = log(...parameters)
      const state: typeof made.state = async (last) => {
        if (parameters[0] === 'chat') await held
        return made.state(last)
      }
      return { ...made, state }
    },
  })
  const hub = world.hub({ broker, sessionTtlMs: 10_000 })
  const far = connectSocket(hub, drawSession().hello())
  const stay = async (ms: number) => {
    for (let left = ms; left > 0; left -= 400) {
      await world.pass(400)
      await far.send(['ack', []])
    }
  }
  await quiet()
  await hub.topic('chat').publish(1)
  await quiet()
  await stay(9_600)
  const gate = createGate()
  held = gate.opened
  await far.send(['subscribe', 1, 'chat', 'start'])
  await quiet()
  await stay(3_600)
  gate.open()
  await quiet()
  await hub.topic('chat').publish(2)
  await quiet()
  expect(far.of('entry').map(([, , , , data]) => data)).toEqual([1, 2])
  await closeAll(world, hub)
})

test.each([
  ['a user', { sessionsPerUser: 2 }],
  ['the server', { sessions: 2 }],
])('the limit of %s holds for sessions that come at once', async (_, limits) => {
  const world = createWorld()
  const hub = world.hub({ authenticate: () => 'u', limits })
  const all = Array.from({ length: 10 }, () => connectSocket(hub, drawSession().hello()))
  await quiet()
  expect(all.filter((far) => far.of('welcome').length > 0).length).toBe(2)
  await closeAll(world, hub)
})

test('the limit of plain streams holds for those that come at once', async () => {
  const { a, close } = twoNodes({ limits: { streams: 2 } })
  await quiet()
  const all = Array.from({ length: 5 }, () => openPlain(a, 'x', 'live'))
  await quiet()
  expect(all.map(({ status }) => status)).toEqual([200, 200, 503, 503, 503])
  await close()
})

test('a right that is taken back says nothing to one who had unsubscribed before', async () => {
  const world = createWorld()
  const hub = world.hub({ authenticate: () => 'u' })
  const far = connectSocket(hub, drawSession().hello())
  await quiet()
  await far.send(['subscribe', 1, 'x', 'live'])
  await far.send(['subscribe', 2, 'y', 'live'])
  await far.send(['unsubscribe', 3, 'x'])
  await quiet()
  for (const topic of ['x', 'y']) await hub.revoke('u', topic)
  await quiet()
  expect(far.of('refused').map(([, topic]) => topic)).toEqual(['y'])
  await closeAll(world, hub)
})

test('a read from a cursor of an earlier log answers the new log from its beginning', async () => {
  const world = createWorld()
  const hub = world.hub()
  const { cursor } = await hub.topic('x').publish('a')
  const far = connectSocket(hub, drawSession().hello())
  await quiet()
  await far.send(['read', 1, 'x', 'old.7', 9])
  await quiet()
  const begin = cursor.replace(/1$/, '0')
  expect(far.of('unread')).toEqual([])
  expect(far.of('page')).toEqual([['page', 1, begin, [[cursor, expect.any(Number), 'a']], true]])
  await closeAll(world, hub)
})

test('a read during which the log begins anew answers the new log', async () => {
  const world = createWorld()
  const broker = slowBroker(memoryBroker({ clock: world.clock }))
  const gate = createGate()
  let remove: () => unknown = () => {}
  const { log } = broker
  Object.assign(broker, {
    log(...parameters: Parameters<Broker['log']>) {
      const made = log(...parameters)
      if (parameters[0] !== 'x') return made
      remove = () => made.remove()
      const read: typeof made.read = async (...where) => {
        await gate.opened
        return made.read(...where)
      }
      return { ...made, read }
    },
  })
  const hub = world.hub({ broker })
  await hub.topic('x').publish('a')
  const far = connectSocket(hub, drawSession().hello())
  await quiet()
  await far.send(['read', 1, 'x', 'start', 1])
  await quiet()
  await remove()
  const { cursor } = await hub.topic('x').publish('b')
  gate.open()
  await quiet()
  expect(far.of('unread')).toEqual([])
  expect(far.of('page').map(([, , , entries]) => entries)).toEqual([[[cursor, expect.any(Number), 'b']]])
  await closeAll(world, hub)
})

test('a node that could not listen when it began hears the others once the broker is back', async () => {
  const world = createWorld()
  const broker = slowBroker(memoryBroker({ clock: world.clock }))
  broker.fail = (operation) => (operation === 'listen' ? new Error('down') : null)
  const a = world.hub({ broker, authenticate: () => 'u' })
  await quiet()
  expect(world.errors).toContain('broker-failed')
  broker.fail = () => null
  await world.pass(10_000)
  const b = world.hub({ broker, authenticate: () => 'u' })
  const far = connectSocket(a, drawSession().hello([['x', 'live']]))
  await quiet()
  expect(far.of('subscribed').length).toBe(1)
  await b.revoke('u', 'x')
  await quiet()
  expect(far.of('refused').length).toBe(1)
  await closeAll(world, a, b)
})

test('a right that is taken back while a plain stream is being opened ends it before it begins', async () => {
  const gate = createGate()
  const asked: string[] = []
  const { a, close } = twoNodes({
    authenticate: () => 'u',
    async authorize({ topic }) {
      asked.push(topic)
      await gate.opened
      return true
    },
  })
  await quiet()
  const stream = openPlain(a, 'x', 'live')
  await quiet()
  expect(asked).toEqual(['x'])
  await a.revoke('u', 'x')
  gate.open()
  await quiet()
  await a.topic('x').publish('secret')
  await quiet()
  expect(stream.status).toBe(403)
  expect(stream.text).not.toContain('secret')
  await close()
})
