import { createServer, type Server } from 'node:http'
import type { Connection, ConnectOptions, HoldfastError } from '@holdfast/client'
import { createHub, type Hub, type HubOptions, memoryBroker } from '@holdfast/server'
import express from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import { createFaultProxy, type FaultProxy } from './support/fault-proxy/index.ts'
import { listen } from './support/listen.ts'
import { intact, tally } from './support/tally.ts'
import { connectTo, online, open, seeded, state } from './support/world.ts'

interface Node {
  readonly hub: Hub
  readonly server: Server
  readonly port: number
  /** The paths of what it was asked, upgrades as `ws`. */
  readonly asked: string[]
  readonly errors: HoldfastError[]
}

interface Nodes {
  readonly a: Node
  readonly b: Node
  readonly proxy: FaultProxy
  connect(options?: ConnectOptions): Connection
  closeA(): Promise<void>
  close(): Promise<void>
}

let nodes: Nodes
afterEach(() => nodes.close())

/** Two hubs on one broker; each new TCP connection goes to the next one. `each`: each request goes to any. */
async function createNodes(options: HubOptions = open, { each = false } = {}): Promise<Nodes> {
  const broker = memoryBroker()
  const a = await createNode({ ...options, broker }, each)
  const b = await createNode({ ...options, broker }, each)
  const random = seeded(1)
  let turn = 0
  let gone: Node | null = null
  const next = () => ((each ? random() < 0.5 : turn++ % 2 === 0) ? a : b)
  const proxy = await createFaultProxy({
    target: () => ({ host: '127.0.0.1', port: (gone === a ? b : next()).port }),
  })
  const connections: Connection[] = []
  return {
    a,
    b,
    proxy,
    connect(more = {}) {
      const connection = connectTo(`${proxy.url}/realtime`, more)
      connections.push(connection)
      return connection
    },
    async closeA() {
      // As with a load balancer, for a moment some are still sent to it.
      await a.hub.close({ drainMs: 100 })
      gone = a
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()))
      await Promise.all([a, b].map(({ hub }) => hub.close({ drainMs: 0 })))
      await broker.close()
      await proxy.close()
      for (const { server } of [a, b]) {
        await new Promise((resolve) => {
          server.close(resolve)
          server.closeAllConnections()
        })
      }
    },
  }
}

async function createNode(options: HubOptions, each: boolean): Promise<Node> {
  const hub = createHub(options)
  const asked: string[] = []
  const errors: HoldfastError[] = []
  hub.errors$.subscribe((error) => errors.push(error))
  hub.handle('where', () => asked.length)
  const app = express()
  app.use((request, response, next) => {
    asked.push(request.path)
    if (each) response.setHeader('connection', 'close')
    next()
  })
  app.use('/realtime', hub.router())
  const server = createServer(app)
  server.on('upgrade', () => asked.push('ws'))
  hub.attach(server, '/realtime')
  return { hub, server, port: await listen(server), asked, errors }
}

const count = (length: number) => Array.from({ length }, (_, index) => index)

function numbers(connection: Connection | Hub, topic: string) {
  const seen = tally()
  connection.topic<number>(topic, { from: 'start' }).subscribe((n) => seen.take(n))
  return seen
}

const publishAll = (where: { topic: Hub['topic'] | Connection['topic'] }, topic: string, length: number, first = 0) =>
  Promise.all(count(length).map((n) => where.topic<number>(topic).publish(first + n)))

describe('a stream on one node and its POSTs on the other:', () => {
  test('publish, subscribe, request, ack and ping work', async () => {
    nodes = await createNodes({ ...open, heartbeatMs: 1_000, history: { count: 20_000, bytes: 16 * 1024 * 1024 } })
    const { a, b } = nodes
    const connection = nodes.connect({ transports: ['sse'] })
    await online(connection, 'sse')
    const late = numbers(connection, 'late')
    const up = numbers(a.hub, 'up')
    await publishAll(connection, 'up', 200)
    await publishAll(a.hub, 'late', 100)
    await publishAll(b.hub, 'late', 100, 100)
    await expect.poll(() => late.count).toEqual(intact(200))
    await expect.poll(() => up.count).toEqual(intact(200))
    expect(await connection.request('where')).toEqual(expect.any(Number))

    // More than may be on its way unacknowledged, so without acks it would stop.
    const bytes: number[] = []
    connection.topic<string>('large', { from: 'start' }).subscribe((text) => bytes.push(text.length))
    for (const n of count(40)) await (n % 2 ? a : b).hub.topic('large').publish('x'.repeat(100_000))
    await expect.poll(() => bytes).toEqual(Array(40).fill(100_000))
    await expect.poll(() => connection.getState().rttMs).not.toBeNull()
    expect(connection.getState()).toMatchObject({ state: 'online.settled', lastError: null, pending: 0 })

    const streamed = [a, b].filter(({ asked }) => asked.includes('/realtime/sse'))
    expect(streamed).toEqual([a])
    expect(b.asked).toContain('/realtime/send')
    expect([...a.errors, ...b.errors]).toEqual([])
  })

  test('it outlives many heartbeats while nothing is sent', async () => {
    nodes = await createNodes({ ...open, heartbeatMs: 200 })
    const connection = nodes.connect({ transports: ['sse'] })
    const heard = numbers(connection, 'down')
    await online(connection)
    const { asked } = nodes.b
    const sends = () => asked.filter((path) => path === '/realtime/send').length
    await expect.poll(sends, { timeout: 5_000 }).toBeGreaterThan(10)
    await publishAll(nodes.b.hub, 'down', 10)
    await expect.poll(() => heard.count).toEqual(intact(10))
    expect(connection.getState()).toMatchObject({ attempt: 0, lastError: null })
  })
})

test('a publish on one node reaches the subscribers of both, in one order', async () => {
  nodes = await createNodes()
  const { a, b } = nodes
  const clients = (['websocket', 'websocket', 'sse', 'poll'] as const).map((transport) =>
    nodes.connect({ transports: [transport] }),
  )
  const heard: unknown[][] = [...clients, a.hub, b.hub].map((where) => {
    const list: unknown[] = []
    where.topic('chat', { from: 'start' }).subscribe((text) => list.push(text))
    return list
  })
  await Promise.all(clients.map((client) => online(client)))
  expect(a.hub.stats().sessions.websocket + b.hub.stats().sessions.websocket).toBe(2)
  await Promise.all(
    [...clients, a.hub, b.hub].flatMap((where, who) =>
      count(20).map((n) => where.topic('chat').publish(`${who}.${n}`)),
    ),
  )
  await expect.poll(() => heard.map((list) => list.length)).toEqual(Array(6).fill(120))
  for (const list of heard) expect(list).toEqual(heard[0])
})

test('polls that alternate between the nodes lose and double nothing', async () => {
  nodes = await createNodes(open, { each: true })
  const { a, b } = nodes
  const connection = nodes.connect({ transports: ['poll'] })
  const down = numbers(connection, 'down')
  const up = numbers(a.hub, 'up')
  await online(connection, 'poll')
  for (const round of count(30)) {
    await publishAll(round % 2 ? a.hub : b.hub, 'down', 10, round * 10)
    await publishAll(connection, 'up', 10, round * 10)
  }
  await expect.poll(() => down.count).toEqual(intact(300))
  await expect.poll(() => up.count).toEqual(intact(300))
  expect(await connection.request('where')).toEqual(expect.any(Number))
  for (const { asked } of [a, b]) {
    expect(asked.filter((path) => path === '/realtime/poll').length).toBeGreaterThan(5)
    expect(asked.filter((path) => path === '/realtime/send').length).toBeGreaterThan(5)
  }
  expect(connection.getState().lastError).toBeNull()
})

describe.each(['websocket', 'sse', 'poll'] as const)('%s:', (transport) => {
  test('revoke and disconnect reach a client on whichever node it is', async () => {
    nodes = await createNodes({ ...open, authenticate: ({ token }) => token ?? 'nobody' })
    const { a, b } = nodes
    const ada = nodes.connect({ transports: [transport], token: 'ada' })
    const bob = nodes.connect({ transports: [transport], token: 'bob' })
    const ended: string[] = []
    const heard: unknown[] = []
    for (const [name, connection] of [
      ['ada', ada],
      ['bob', bob],
    ] as const) {
      connection.topic('secret', { from: 'start' }).subscribe({
        next: (text) => heard.push(`${name} ${text}`),
        error: ({ code }: HoldfastError) => ended.push(`${name} ${code}`),
      })
      await online(connection)
    }
    await a.hub.topic('secret').publish('s')
    await expect.poll(() => [...heard].sort()).toEqual(['ada s', 'bob s'])
    for (const { hub } of [a, b]) {
      // At the node where the client is not, this is the other's word.
      await hub.revoke('ada', 'secret')
    }
    await expect.poll(() => ended).toEqual(['ada revoked'])
    await b.hub.topic('secret').publish('t')
    await expect.poll(() => heard).toContain('bob t')
    expect(heard).not.toContain('ada t')

    const elsewhere = a.asked.length > 0 && a.hub.stats().sessions[transport] > 0 ? b : a
    await elsewhere.hub.disconnect('ada')
    expect((await state(ada, ({ phase }) => phase === 'failed')).lastError?.code).toBe('disconnected')
    expect(bob.getState().phase).toBe('online')
    expect(ended).toEqual(['ada revoked'])
  })
})

test('one node closes in mid-stream: its clients go on at the other without loss', async () => {
  nodes = await createNodes({ ...open, history: { count: 20_000 } })
  const { b } = nodes
  const transports = ['websocket', 'websocket', 'sse', 'sse', 'poll', 'poll'] as const
  const clients = transports.map((transport) => nodes.connect({ transports: [transport] }))
  const down = clients.map((client) => numbers(client, 'down'))
  await Promise.all(clients.map((client) => online(client)))
  const up = clients.map((_, who) => numbers(b.hub, `up-${who}`))
  const failures: unknown[] = []
  let sent = 0
  const send = () => {
    void b.hub.topic('down').publish(sent)
    for (const [who, client] of clients.entries()) {
      client
        .topic<number>(`up-${who}`)
        .publish(sent)
        .catch((error) => failures.push(error))
    }
    sent++
  }
  const sending = setInterval(send, 5)
  try {
    await expect.poll(() => sent).toBeGreaterThan(40)
    await nodes.closeA()
    await Promise.all(clients.map((client) => online(client)))
    const after = sent + 40
    await expect.poll(() => sent).toBeGreaterThan(after)
  } finally {
    clearInterval(sending)
  }
  await expect.poll(() => down.map(({ count }) => count), { timeout: 10_000 }).toEqual(Array(6).fill(intact(sent)))
  await expect.poll(() => up.map(({ count }) => count), { timeout: 10_000 }).toEqual(Array(6).fill(intact(sent)))
  expect(failures).toEqual([])
  await expect.poll(() => b.hub.stats().sessions).toMatchObject({ websocket: 2, sse: 2, poll: 2 })
})
