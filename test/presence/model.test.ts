import { memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld } from '../server/world.ts'
import { seeded } from '../support/seeded.ts'
import { follow } from './follow.ts'
import { lateBroker } from './late-broker.ts'

const topics = ['chat:a', 'chat:b']
const ttlMs = 8_000

/** Sessions come, move, are cut, change their mind and leave, on nodes that die, over a broker that is late and ill. */
async function badDay(seed: number) {
  const random = seeded(seed)
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T
  const some = () => topics.filter(() => random() < 0.5)
  const { clock, pass, hub } = createWorld()
  const broker = memoryBroker({ clock, random })
  const how = { maxMs: pick([5, 50, 300]), failing: pick([0, 0, 0.05]) }

  const createNode = () => {
    const view = lateBroker(broker, clock, random, how)
    const made = hub({ broker: view, sessionTtlMs: ttlMs, brokerRetryMs: 10, random })
    made.topics('chat:*', { presence: true })
    const followers = topics.map((topic) => follow(made.presence(topic)))
    return { hub: made, view, followers }
  }
  let nodes = [createNode(), createNode(), createNode()]

  /** Those that were not let in yet are told later. */
  const gone: ReturnType<typeof connectSocket>[] = []
  const createClient = () => {
    const { id, hello } = drawSession()
    let link = 0
    let number = 0
    let socket: ReturnType<typeof connectSocket> | null = null
    const client = {
      id,
      wants: [] as string[],
      over: false,
      connect(wanted: string[]) {
        client.cut()
        number = 0
        client.wants = wanted
        const mode = link === 0 ? 'new' : 'resume'
        const list = wanted.map((topic): [string, 'live'] => [topic, 'live'])
        socket = connectSocket(pick(nodes).hub, hello(list, { link: ++link, mode }))
      },
      get ready() {
        return socket !== null && socket.of('welcome').length > 0 && socket.code === 0 && !socket.destroyed
      },
      async say(kind: 'subscribe' | 'unsubscribe' | 'bye' | 'ack' | 'ping', topic = '') {
        if (!client.ready || !socket) return
        if (kind === 'ack') return socket.send(['ack', []])
        if (kind === 'ping') return socket.send(['ping', 1])
        if (kind === 'bye') {
          client.over = true
          return socket.send(['bye'])
        }
        number ||= socket.of('welcome')[0]?.[2].received ?? 0
        const from = kind === 'subscribe' ? ['live'] : []
        await socket.send([kind, ++number, topic, ...from])
      },
      cut() {
        if (socket) gone.push(socket)
        socket = null
      },
    }
    return client
  }
  const clients = Array.from({ length: 6 }, createClient)

  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 2_000) {
      for (const socket of gone) socket.gone()
      await pass(Math.min(2_000, ms - passed))
      for (const client of clients) await client.say('ack')
    }
  }

  for (let step = 0; step < 40; step++) {
    const client = pick(clients.filter(({ over }) => !over))
    const what = random()
    if (!client) break
    if (what < 0.35) client.connect(some())
    else if (what < 0.45) client.cut()
    else if (what < 0.6) await client.say('subscribe', pick(topics))
    else if (what < 0.75) await client.say('unsubscribe', pick(topics))
    else if (what < 0.8) await client.say('ping')
    else if (what < 0.84) await client.say('bye')
    else if (what < 0.87 && nodes.length > 1) {
      const dead = pick(nodes)
      nodes = nodes.filter((node) => node !== dead)
      dead.view.die()
      for (const each of clients) if (random() < 0.5) each.cut()
      void dead.hub.close({ drainMs: 0 })
    } else await live(random() * ttlMs * 0.3)
    for (const socket of gone) socket.gone()
    await pass(random() * 2 * how.maxMs)
  }

  how.failing = 0
  for (const client of clients) {
    if (client.over) continue
    if (random() < 0.7) client.connect(some())
    else client.cut()
  }
  await pass(20 * how.maxMs)
  for (const client of clients) await client.say('ping')
  await live(2.5 * ttlMs)

  const truth = topics.map((topic) =>
    clients.flatMap(({ id, over, ready, wants }) => (!over && ready && wants.includes(topic) ? [id] : [])).sort(),
  )
  const late = nodes.map((node) => topics.map((topic) => follow(node.hub.presence(topic))))
  await pass(20 * how.maxMs)
  // On the hub a reader ends where the broker fails; a client's would come again.
  const readers = [...nodes.map(({ followers }) => followers), ...late]
  const seen = readers.flatMap((each) =>
    each.flatMap(({ here, ended }, index) => (ended === null ? [{ index, here }] : [])),
  )
  const steps = nodes.flatMap(({ followers }) => followers.flatMap((each) => each.steps)).length
  await Promise.all(nodes.map((node) => node.hub.close({ drainMs: 0 })))
  return { truth, seen, steps }
}

test('in the end everybody knows who is there, whatever happened', async () => {
  const runs = Number(process.env.RUNS ?? 30)
  const first = Number(process.env.SEED ?? 1)
  let members = 0
  let steps = 0
  let readers = 0
  for (let seed = first; seed < first + runs; seed++) {
    const day = await badDay(seed)
    members += day.truth.flat().length
    steps += day.steps
    readers += day.seen.length
    for (const { index, here } of day.seen) expect(here, `seed ${seed}, ${topics[index]}`).toEqual(day.truth[index])
  }
  console.log(
    `presence: seeds ${first} to ${first + runs - 1}, ${readers} readers, ${steps} changes seen, ${members} members in the end`,
  )
  expect(members).toBeGreaterThan(runs)
}, 120_000)
