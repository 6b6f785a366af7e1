import { type Connection, connect, type PresenceChange, type PresenceState } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub } from '@holdfast/server'
import { type PresenceStore, presenceStore } from '@holdfast/store'
import { afterEach, describe, expect, test } from 'vitest'
import { amend } from '../../packages/server/src/presence/record.ts'
import { createHandTopic } from '../../packages/store/test/hand-topic.ts'
import { seeded } from '../support/seeded.ts'

// The machine may be busy.
const patient = { timeout: 10_000 }
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const member = (since: number) => ({ info: null, since })
const came = (v: number, id: string, since = v): PresenceChange => ({ v, id, here: true, info: null, since })
const went = (v: number, id: string): PresenceChange => ({ v, id, here: false })

function open(source: Parameters<typeof presenceStore>[0]) {
  const store = presenceStore(source, { everyMs: 0 })
  ends.push(() => store.stop())
  const told: string[] = []
  store.on('joined', (event) => told.push(`+${event.member.id}`))
  store.on('left', (event) => told.push(`-${event.member.id}`))
  return { store, told }
}

const here = (store: PresenceStore<unknown>) => store.get().context.data.here.map(({ id }) => id)

describe('a presence store', () => {
  test('begins silently, and then tells who joins and who leaves', () => {
    const topic = createHandTopic<PresenceChange>()
    const { store, told } = open(topic)
    expect(here(store)).toEqual([])
    topic.snapshot({ v: 9, members: { c: member(2), b: member(1), a: member(2) } })
    expect(here(store)).toEqual(['b', 'a', 'c'])
    expect(told).toEqual([])
    topic.message(came(10, 'd', 0))
    topic.message(went(11, 'b'))
    expect(here(store)).toEqual(['d', 'a', 'c'])
    expect(told).toEqual(['+d', '-b'])
    expect(store.get().context.data.here[0]).toEqual({ id: 'd', info: null, since: 0 })
  })

  test('tells exactly the difference of a gap', () => {
    const topic = createHandTopic<PresenceChange>()
    const { store, told } = open(topic)
    topic.snapshot({ v: 9, members: { a: member(1), b: member(2) } })
    topic.gap(20, { snapshot: true })
    topic.snapshot({ v: 0, members: { b: member(2), c: member(3) } })
    expect(told).toEqual(['-a', '+c'])
    topic.gap(30)
    expect(here(store)).toEqual(['b', 'c'])
    topic.message(went(4, 'c'))
    expect(told).toEqual(['-a', '+c', '-c'])
  })

  test('a new state of an emptied record is a change like others', () => {
    const topic = createHandTopic<PresenceChange>()
    const { store, told } = open(topic)
    topic.message({ v: 5, members: { a: member(1) } })
    topic.message(came(12, 'c', 3))
    topic.message({ v: 10, members: { b: member(2) } })
    expect(here(store)).toEqual(['b', 'c'])
    expect(told).toEqual(['+c', '-a', '+b'])
  })

  test('forgets who went long ago, and goes on', () => {
    const topic = createHandTopic<PresenceChange>()
    const { store } = open(topic)
    topic.snapshot({ v: 0, members: { stays: member(1) } })
    for (let n = 1; n <= 5_000; n++) {
      topic.message(came(2 * n, `s${n}`))
      topic.message(went(2 * n + 1, `s${n}`))
    }
    expect(here(store)).toEqual(['stays'])
    expect(store.get().context.data.later.length).toBeLessThanOrEqual(2_000)
    topic.message(came(20_000, 's1'))
    expect(here(store)).toEqual(['stays', 's1'])
  })
})

test('changes that overtake each other, and come twice, come to the same', () => {
  const runs = 300
  for (let seed = 1; seed <= runs; seed++) {
    const random = seeded(seed)
    const ids = ['a', 'b', 'c', 'd', 'e']
    let state: PresenceState | null = null
    const entries: { at: number; change: PresenceChange }[] = []
    const late = random() * 20
    for (let step = 0; step < 60; step++) {
      const id = ids[Math.floor(random() * ids.length)] as string
      const wishes = new Map([[id, random() < 0.5 ? ('out' as const) : { info: step }]])
      const amended = amend(random() < 0.02 ? null : state, wishes, { by: 'n', now: step * 2, most: 10 })
      state = amended.state
      for (const { by, ...change } of amended.changes) {
        entries.push({ at: step + random() * late, change })
        if (random() < 0.2) entries.push({ at: step + random() * late, change })
      }
    }
    const topic = createHandTopic<PresenceChange>()
    const { store, told } = open(topic)
    topic.snapshot({ v: 0, members: {} })
    for (const { change } of entries.sort((x, y) => x.at - y.at)) topic.message(change)
    const truth = Object.entries((state as PresenceState | null)?.members ?? {})
    const seen = store.get().context.data.here.map(({ id, ...rest }) => [id, rest])
    expect(Object.fromEntries(seen), `seed ${seed}`).toEqual(Object.fromEntries(truth))
    const followed = new Set<string>()
    for (const step of told) {
      const id = step.slice(1)
      expect(followed.has(id), `seed ${seed}: ${told}`).toBe(step.startsWith('-'))
      step.startsWith('+') ? followed.add(id) : followed.delete(id)
    }
    expect([...followed].sort(), `seed ${seed}`).toEqual(truth.map(([id]) => id).sort())
  }
  console.log(`presence store: seeds 1 to ${runs}`)
})

test('over a real hub it follows who is in a topic, across a cut', async () => {
  const hub = createHub<{ name: string }>({
    authorize: () => true,
    authenticate: ({ token }) => ({ name: token ?? '' }),
  })
  hub.topics('chat:*', { presence: ({ name }) => ({ name }) })
  ends.push(() => hub.close({ drainMs: 0 }))
  const client = (token: string): Connection & { cut(): unknown } => {
    const network = memory(hub)
    const connection = connect('http://test', { transports: [network], token })
    ends.push(() => connection.close())
    return Object.assign(connection, { cut: () => network.cut() })
  }
  const [ada, bob] = [client('ada'), client('bob')]
  const store = presenceStore(ada.presence<{ name: string }>('chat:lobby'))
  ends.push(() => store.stop())
  const told: string[] = []
  store.on('joined', ({ member }) => told.push(`+${member.info.name}`))
  store.on('left', ({ member }) => told.push(`-${member.info.name}`))
  const names = () => store.get().context.data.here.map(({ info }) => info.name)
  ada.topic('chat:lobby').subscribe()
  await expect.poll(names, patient).toEqual(['ada'])
  expect(store.get().context.data.here[0]?.id).toBe(ada.session)
  const talk = bob.topic('chat:lobby').subscribe()
  await expect.poll(names, patient).toEqual(['ada', 'bob'])
  ada.cut()
  talk.unsubscribe()
  await expect.poll(names, patient).toEqual(['ada'])
  expect(told.slice(-2)).toEqual(['+bob', '-bob'])
  expect(store.get().context.status).toBe('live')
})
