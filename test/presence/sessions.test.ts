import type { TopicEvent } from '@holdfast/protocol'
import { type Broker, type HubOptions, memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld, request } from '../server/world.ts'
import { logWith } from '../support/log.ts'
import { follow } from './follow.ts'

const topic = 'chat:lobby'
const ttlMs = 8_000

/** Nodes of one broker, on a clock that stands until it is moved. */
function createNodes() {
  const world = createWorld()
  const { clock } = world
  const broker = memoryBroker({ clock })
  return {
    ...world,
    broker,
    node(view: Broker = broker, options: HubOptions<any> = {}) {
      const hub = world.hub({ broker: view, sessionTtlMs: ttlMs, brokerRetryMs: 1, ...options })
      hub.topics('chat:*', { presence: true })
      return hub
    },
    /** Moves on while these answer the heartbeats. */
    async live(ms: number, ...sockets: ReturnType<typeof connectSocket>[]) {
      for (let passed = 0; passed < ms; passed += 1_000) {
        await world.pass(Math.min(1_000, ms - passed))
        for (const socket of sockets) await socket.send(['ack', []])
      }
    },
  }
}

/** The same broker for a node whose link to it can fail in some of what it does. */
function faulty(broker: Broker, fails: (operation: string, name: string) => boolean): Broker {
  const check = (operation: string, name: string) => {
    if (fails(operation, name)) throw new Error(`${operation} failed on purpose`)
  }
  return {
    ...broker,
    sessions: {
      ...broker.sessions,
      create(id, ...rest) {
        check('create', id)
        return broker.sessions.create(id, ...rest)
      },
    },
    log(name, options) {
      const log = broker.log(name, options)
      return logWith(log, {
        append(...given) {
          check('append', name)
          return log.append(...given)
        },
      })
    },
  }
}

const resume = (link: number) => ({ link, mode: 'resume' })

test('a session whose transport went is there until its time is over', async () => {
  const { node, pass, live, errors } = createNodes()
  const hub = node()
  const [ada, bob] = [drawSession(), drawSession()]
  const seen = follow(hub.presence(topic))
  const away = connectSocket(hub, ada.hello([[topic, 'live']]))
  const socket = connectSocket(hub, bob.hello([[topic, 'live']]))
  await pass(0)
  expect(seen.here).toEqual([ada.id, bob.id].sort())
  away.gone()
  await live(ttlMs - 1_000, socket)
  expect(seen.here).toEqual([ada.id, bob.id].sort())
  await live(ttlMs, socket)
  expect(seen.here).toEqual([bob.id])
  await socket.send(['bye'])
  expect(seen.here).toEqual([])
  expect(errors).toEqual([])
  await hub.close({ drainMs: 0 })
})

test('a session that moves to another node stays, also when the first one has forgotten it, and leaves there', async () => {
  const { node, pass, live, errors } = createNodes()
  const [a, b] = [node(), node()]
  const seen = [follow(a.presence(topic)), follow(b.presence(topic))]
  const ada = drawSession()
  const first = connectSocket(a, ada.hello([[topic, 'live']]))
  await pass(0)
  for (const one of seen) expect(one.here).toEqual([ada.id])
  const before = seen.map(({ steps }) => steps.length)
  first.gone()
  const second = connectSocket(b, ada.hello([[topic, 'live']], resume(2)))
  await pass(0)
  await second.send(['ping', 1])
  await live(3 * ttlMs, second)
  expect(seen.map(({ steps }) => steps.length)).toEqual(before)
  await second.send(['unsubscribe', 1, topic])
  await live(ttlMs, second)
  for (const one of seen) expect(one.here).toEqual([])
  expect(errors).toEqual([])
  await Promise.all([a.close({ drainMs: 0 }), b.close({ drainMs: 0 })])
})

test.each(['the same node', 'another node'])(
  'what was given up while away is left on coming back to %s',
  async (where) => {
    const { node, pass } = createNodes()
    const [a, b] = [node(), node()]
    const seen = follow(a.presence(topic))
    const ada = drawSession()
    const first = connectSocket(
      a,
      ada.hello([
        [topic, 'live'],
        ['chat:garden', 'live'],
      ]),
    )
    const garden = follow(a.presence('chat:garden'))
    await pass(0)
    expect(seen.here).toEqual([ada.id])
    first.gone()
    const second = connectSocket(where === 'another node' ? b : a, ada.hello([['chat:garden', 'live']], resume(2)))
    await pass(0)
    await second.send(['ping', 1])
    await pass(0)
    expect(seen.here).toEqual([])
    expect(garden.here).toEqual([ada.id])
    await Promise.all([a.close({ drainMs: 0 }), b.close({ drainMs: 0 })])
  },
)

test('of two links the newer one counts once it is used', async () => {
  const { node, pass } = createNodes()
  const hub = node()
  const seen = follow(hub.presence(topic))
  const ada = drawSession()
  connectSocket(hub, ada.hello([[topic, 'live']]))
  await pass(0)
  const second = connectSocket(hub, ada.hello([], resume(2)))
  await pass(0)
  expect(seen.here).toEqual([ada.id])
  await second.send(['ping', 1])
  await pass(0)
  expect(seen.here).toEqual([])
  await hub.close({ drainMs: 0 })
})

test('who is refused on asking again is no longer there', async () => {
  const { node, pass } = createNodes()
  let allowed = true
  const hub = node(undefined, { authorize: () => allowed })
  const seen = follow(hub.presence(topic))
  const ada = drawSession()
  const socket = connectSocket(hub, ada.hello([[topic, 'live']]))
  await pass(0)
  expect(seen.here).toEqual([ada.id])
  allowed = false
  await socket.send(['subscribe', 1, topic, 'live'])
  await pass(0)
  expect(socket.of('refused')).toHaveLength(1)
  expect(seen.here).toEqual([])
  await hub.close({ drainMs: 0 })
})

test('of a node that dies only those stay who come back elsewhere', async () => {
  const { node, pass, live } = createNodes()
  const [a, b] = [node(), node()]
  const seen = follow(b.presence(topic))
  const [ada, bob] = [drawSession(), drawSession()]
  for (const session of [ada, bob]) connectSocket(a, session.hello([[topic, 'live']]))
  await pass(0)
  expect(seen.here).toEqual([ada.id, bob.id].sort())
  const steps = seen.steps.length
  await a.close({ drainMs: 0 })
  const back = connectSocket(b, bob.hello([[topic, 'live']], resume(2)))
  await live(2 * ttlMs, back)
  expect(seen.here).toEqual([bob.id])
  expect(seen.steps.slice(steps)).toEqual([`-${ada.id}`])
  await b.close({ drainMs: 0 })
})

test('what a node has changed but not said before it died is said by another', async () => {
  const { node, pass, live, broker, errors } = createNodes()
  let ill = false
  const a = node(faulty(broker, (operation, name) => ill && operation === 'append' && name.startsWith('$presence/')))
  const b = node()
  const seen = follow(b.presence(topic))
  const [ada, bob] = [drawSession(), drawSession()]
  const stays = connectSocket(b, bob.hello([[topic, 'live']]))
  await pass(0)
  ill = true
  connectSocket(a, ada.hello([[topic, 'live']]))
  await pass(1_000)
  expect(seen.here).toEqual([bob.id])
  expect(errors).toContain('broker-failed')
  await a.close({ drainMs: 0 })
  await live(ttlMs * 0.75, stays)
  expect(seen.here).toEqual([ada.id, bob.id].sort())
  await live(ttlMs, stays)
  expect(seen.here).toEqual([bob.id])
  await b.close({ drainMs: 0 })
})

test('what a node could not say is said by it once it can', async () => {
  const { node, pass, live, broker } = createNodes()
  let ill = false
  const isIll = (operation: string, name: string) => ill && operation === 'append' && name.startsWith('$presence/')
  const hub = node(faulty(broker, isIll))
  const seen = follow(hub.presence(topic))
  const [ada, bob] = [drawSession(), drawSession()]
  const stays = connectSocket(hub, bob.hello([[topic, 'live']]))
  await pass(0)
  ill = true
  const comes = connectSocket(hub, ada.hello([[topic, 'live']]))
  await pass(1_000)
  expect(seen.here).toEqual([bob.id])
  ill = false
  await live(ttlMs / 2, stays, comes)
  expect(seen.here).toEqual([ada.id, bob.id].sort())
  await hub.close({ drainMs: 0 })
})

test('a broker that fails delays what is shown, and nothing else', async () => {
  const { node, pass, live, broker, errors } = createNodes()
  let ill = true
  const hub = node(faulty(broker, (operation, name) => ill && operation === 'create' && name.startsWith('$presence/')))
  const seen = follow(hub.presence(topic))
  const ada = drawSession()
  const socket = connectSocket(hub, ada.hello([[topic, 'live']]))
  await pass(100)
  expect(socket.of('subscribed')).toHaveLength(1)
  expect(seen.here).toEqual([])
  expect(errors).toEqual(['broker-failed'])
  ill = false
  await live(ttlMs / 2, socket)
  expect(seen.here).toEqual([ada.id])
  expect(socket.code).toBe(0)
  await hub.close({ drainMs: 0 })
})

test('a record that begins anew voids what one who comes back has from before', async () => {
  const { node, pass, live, broker, clock } = createNodes()
  const hub = node()
  const events: TopicEvent<unknown>[] = []
  const reading = hub.presence(topic).events$.subscribe((event) => events.push(event))
  const [ada, bob] = [drawSession(), drawSession()]
  const socket = connectSocket(hub, ada.hello([[topic, 'live']]))
  await pass(0)
  reading.unsubscribe()
  await socket.send(['bye'])
  await live(4 * ttlMs)
  expect(broker.sessions.get(`$presence/${topic}`)).toBe(null)
  // As if the log had outlived it.
  const log = broker.log(`$presence/${topic}`, { count: 10, bytes: 1_000, ageMs: 1e9, compact: false, idleMs: 1e9 })
  await log.append({ time: clock.now(), data: JSON.stringify({ v: 1, id: ada.id, here: true, info: null, since: 1 }) })
  const seen = follow(hub.presence(topic).from('start'))
  const other = connectSocket(hub, bob.hello([[topic, 'live']]))
  await live(ttlMs, other)
  expect(seen.here).toEqual([bob.id])
  await hub.close({ drainMs: 0 })
})

test('polls that alternate between nodes agree, also on what was given up at one of them', async () => {
  const { node, pass, errors } = createNodes()
  const nodes = [node(), node()] as const
  const seen = nodes.map((each) => follow(each.presence(topic)))
  const { id, hello, line } = drawSession()
  await request(nodes[0], '/poll', hello([[topic, 'live']])).answer
  await pass(0)
  const poll = async (turn: number, wanted: string[]) => {
    const list = wanted.map((name) => [name, 'live'])
    const asked = request(nodes[turn % 2 === 0 ? 0 : 1], '/poll', `${line()}\n${JSON.stringify(['poll', list])}`)
    await pass(500)
    asked.gone()
  }
  for (let turn = 1; turn < 6; turn++) await poll(turn, [topic])
  for (const one of seen) expect(one.here).toEqual([id])
  await request(nodes[0], '/send', `${line()}\n${JSON.stringify(['unsubscribe', 1, topic])}`).answer
  await pass(0)
  for (const one of seen) expect(one.here).toEqual([])
  for (let turn = 0; turn < 2 * (ttlMs / 500); turn++) await poll(turn, [])
  for (const one of seen) expect(one.steps.slice(-2)).toEqual([`+${id}`, `-${id}`])
  expect(errors).toEqual([])
  await Promise.all(nodes.map((each) => each.close({ drainMs: 0 })))
})

test('a POST cannot take a record of presence for a session', async () => {
  const { node, pass, errors } = createNodes()
  const hub = node()
  connectSocket(hub, drawSession().hello([[topic, 'live']]))
  await pass(0)
  const { status, frames } = await request(hub, '/send', JSON.stringify(['session', `$presence/${topic}`, 'x', 1]))
    .answer
  expect(status).toBe(404)
  expect(frames[0]?.slice(0, 3)).toEqual(['close', 4050, 'session-lost'])
  expect(errors).toEqual([])
  await hub.close({ drainMs: 0 })
})
