import { type Connection, type CoreOptions, connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub, type Hub, type HubOptions } from '@holdfast/server'
import { afterEach, expect, test } from 'vitest'
import { createFakeClock } from '../server/clock.ts'

const closing: (() => Promise<void>)[] = []
let time: ReturnType<typeof createFakeClock>
afterEach(async () => {
  const closed = Promise.all(closing.splice(0).map((close) => close()))
  await time.pass(10_000)
  await closed
  expect(time.timers, 'timers left behind').toBe(0)
})

/** Real hubs and a real client, on one clock that stands until it is moved. */
function createWorld() {
  time = createFakeClock()
  const { clock, pass } = time
  return {
    pass,
    hub(options: HubOptions<any> = {}): Hub {
      const hub = createHub({ authorize: () => true, clock, ...options })
      closing.push(() => hub.close({ drainMs: 0 }))
      return hub
    },
    connect(...transports: CoreOptions['transports']): Connection {
      const connection = connect('http://test', { transports, clock, random: () => 0.5, storage: null, page: null })
      closing.unshift(() => connection.close())
      return connection
    },
  }
}

/** What is awaited by the hub until the test opens it; open at first. */
function createGate() {
  let opened = Promise.resolve()
  return {
    pass: () => opened,
    /** Answers what opens it again. */
    shut() {
      let open = () => {}
      opened = new Promise((resolve) => {
        open = resolve
      })
      return open
    },
  }
}

test('a conflated topic goes on after a climb, whatever was published on the way', async () => {
  const { pass, hub: make, connect } = createWorld()
  const gate = createGate()
  const hub = make({ authenticate: gate.pass })
  hub.topics('p', { conflate: true })
  const better = memory(hub)
  const lesser = memory(hub)
  better.down = true
  const connection = connect({ ...better, name: 'better' }, { ...lesser, name: 'lesser' })
  const heard: unknown[] = []
  connection.topic('p').subscribe((data) => heard.push(data))
  await pass(1_000)
  expect(connection.getState().transport).toBe('lesser')
  await hub.topic('p').publish(1)
  await pass(0)
  better.down = false
  const open = gate.shut()
  connection.reconnect()
  await pass(0)
  // The link that is being admitted will bring it too.
  await hub.topic('p').publish(2)
  await pass(0)
  expect(heard).toEqual([1, 2])
  open()
  await pass(0)
  expect(connection.getState().transport).toBe('better')
  for (const n of [3, 4, 5]) {
    await hub.topic('p').publish(n)
    await pass(0)
  }
  expect(heard.at(-1)).toBe(5)
})

test('a subscription from the start gets it all, though another was there when the link began', async () => {
  const { pass, hub: make, connect } = createWorld()
  const gate = createGate()
  const hub = make({ authenticate: gate.pass })
  const network = memory(hub)
  const connection = connect(network)
  const before = connection.topic('p').subscribe()
  await pass(0)
  for (const n of [1, 2, 3]) await hub.topic('p').publish(n)
  await pass(0)
  const open = gate.shut()
  network.cut()
  await pass(1_000)
  before.unsubscribe()
  await pass(1_000)
  const heard: unknown[] = []
  connection
    .topic('p', { from: 'start' })
    .events$.subscribe((event) => heard.push(event.type === 'message' ? event.data : event.type))
  open()
  await pass(0)
  await hub.topic('p').publish(4)
  await pass(0)
  expect(heard).toEqual([1, 2, 3, 4])
})

test('one who reads history while the hub is replaced misses nothing of the new one', async () => {
  const { pass, hub: make, connect } = createWorld()
  const gate = createGate()
  const makeHub = () =>
    make({
      async authorize() {
        await gate.pass()
        return true
      },
    })
  let hub = makeHub()
  const network = memory(() => hub)
  const connection = connect(network)
  const live: unknown[] = []
  const late: unknown[] = []
  connection.topic('p').subscribe((data) => live.push(data))
  await pass(0)
  for (let n = 0; n < 100; n++) await hub.topic('p').publish(n)
  await pass(0)
  const open = gate.shut()
  connection.topic('p', { from: 'start' }).subscribe((data) => late.push(data))
  await pass(0)
  hub = makeHub()
  await hub.topic('p').publish('a')
  open()
  network.cut()
  await pass(1_000)
  for (const data of ['b', 'c', 'd']) {
    await hub.topic('p').publish(data)
    await pass(0)
  }
  expect(live.slice(100)).toEqual(['a', 'b', 'c', 'd'])
  expect(late.slice(-4)).toEqual(['a', 'b', 'c', 'd'])
})
