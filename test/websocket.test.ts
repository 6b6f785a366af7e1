import { type Connection, type ConnectOptions, connect, type Loss, websocket } from '@holdfast/client'
import { closeAction, closeCodes, fromBase64Url, type TopicList } from '@holdfast/protocol'
import { type Client, WebSocket as MockWebSocket, Server } from 'mock-socket'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createWorld, online, state, type World } from './support/world.ts'

type WebSocketClass = NonNullable<ConnectOptions['WebSocket']>
const WebSocket = MockWebSocket as unknown as WebSocketClass

const url = 'ws://hub.test/realtime'
const limits = { messageBytes: 1_000, batchBytes: 2_000, window: 10 }
const welcome = () =>
  JSON.stringify([
    'welcome',
    1,
    { session: connections.at(-1)?.session, received: 0, user: '', heartbeatMs: 5_000, limits },
  ])

let server: Server
let offered: string[][]
let connected: Client[]
let received: unknown[]
const connections: Connection[] = []
let world: World | null = null

beforeEach(() => {
  offered = []
  connected = []
  received = []
  server = new Server(url, {
    mock: false,
    selectProtocol(protocols: string[]) {
      offered.push(protocols)
      return protocols[0] as string
    },
  })
  server.on('connection', (socket) => {
    connected.push(socket)
    socket.on('message', (message) => received.push(message))
  })
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await Promise.all(connections.splice(0).map((connection) => connection.close()))
  server.stop()
  await world?.close()
  world = null
})

const greet = () => server.on('connection', (socket) => socket.send(welcome()))

function open(topics: TopicList = [], transport = websocket(WebSocket)) {
  const calls: string[] = []
  const losses: Loss[] = []
  const session = 's'.repeat(22)
  const hello = JSON.stringify(['hello', 1, { session, secret: 'x'.repeat(22), link: 1, mode: 'new', topics }])
  const link = transport.open(
    {
      url: 'http://hub.test/realtime',
      hello,
      session: () => '',
      topics: () => topics,
      clock: { now: Date.now, setTimeout, clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout) },
    },
    {
      opened: () => calls.push('opened'),
      batch: (text) => calls.push(`batch ${text}`),
      writable: () => {},
      troubled: () => {},
      tooLarge: () => {},
      lost(loss) {
        calls.push('lost')
        losses.push(loss)
      },
    },
  )
  return { hello, link, calls, losses }
}

function client(options: ConnectOptions, where = 'http://hub.test/realtime'): Connection {
  const connection = connect(where, { transports: ['websocket'], ...options })
  connections.push(connection)
  return connection
}

describe('the hello', () => {
  test('is offered beside the name of the version, and stands in no URL', async () => {
    const { hello, calls } = open([['prices', 'live']])
    await expect.poll(() => calls).toEqual(['opened'])
    expect(offered).toEqual([['holdfast.1', expect.stringMatching(/^[\w-]+$/)]])
    expect(fromBase64Url(offered[0]?.[1] ?? '')).toBe(hello)
    expect(connected[0]?.url).toBe(url)
    expect(received).toEqual([])
  })

  test('that is longer than a header takes is the first message', async () => {
    const topics = Array.from({ length: 100 }, (_, n) => [`a-rather-long-name-${n}`, 'live'] as const)
    const { hello } = open(topics)
    await expect.poll(() => received).toEqual([hello])
    expect(offered).toEqual([['holdfast.1']])
  })

  test('of 2,048 characters in base64url still fits, and one byte more does not', async () => {
    const length = (n: number) => open([['x'.repeat(n), 'live']]).hello.length
    const base = length(1) - 1
    await expect.poll(() => offered.length).toBe(1)
    expect(length(1_536 - base)).toBe(1_536)
    expect(length(1_537 - base)).toBe(1_537)
    await expect
      .poll(() => offered.slice(1).map((protocols) => protocols.map((one) => one.length)))
      .toEqual([[10, 2_048], [10]])
  })
})

describe('a close', () => {
  const ours = Object.entries(closeCodes).map(([code, { close }]) => [code, close] as const)

  test.each(ours)("with the hub's code %s says what to do", async (code, close) => {
    server.on('connection', (socket) => socket.close({ code: close, reason: code, wasClean: true }))
    const { losses } = open()
    await expect.poll(() => losses).toEqual([{ code, message: code, action: closeAction(close) }])
  })

  test('with a delay says not before when', async () => {
    server.on('connection', (socket) => socket.close({ code: 4004, reason: 'later 2000', wasClean: true }))
    const { losses } = open()
    await expect.poll(() => losses).toEqual([{ code: 'later', message: 'later 2000', action: 'retry', delayMs: 2_000 }])
  })

  test.each([1000, 1001, 1006, 1011, 1012, 3000, 4999])('with %d is a loss of the network', async (code) => {
    server.on('connection', (socket) => socket.close({ code, reason: 'whatever', wasClean: false }))
    const { losses, calls } = open()
    await expect.poll(() => losses).toMatchObject([{ code: 'cut', action: 'retry' }])
    expect(calls).toEqual(['opened', 'lost'])
  })

  test('before it was open is a refusal by the network', async () => {
    server.stop()
    const { losses, calls } = open()
    await expect.poll(() => losses).toMatchObject([{ code: 'refused', action: 'retry' }])
    expect(calls).toEqual(['lost'])
  })

  test('of our own is none', async () => {
    greet()
    const { calls, link } = open()
    await expect.poll(() => calls).toEqual(['opened', `batch ${welcome()}`])
    link.close()
    expect(link.writable).toBe(false)
    await expect.poll(() => connected[0]?.readyState).toBe(3)
    expect(calls).toHaveLength(2)
  })
})

test('lines that are sent together are one message', async () => {
  const { link, calls } = open()
  expect(link.writable).toBe(false)
  await expect.poll(() => calls).toEqual(['opened'])
  expect(link.writable).toBe(true)
  link.send(['["ping",1]', '["ping",2]'])
  await expect.poll(() => received).toEqual(['["ping",1]\n["ping",2]'])
})

describe('a connection', () => {
  test('takes no binary message for a frame, be it the first', async () => {
    server.on('connection', (socket) => socket.send(new TextEncoder().encode(welcome())))
    const connection = client({ WebSocket })
    const { lastError, phase } = await state(connection, (now) => now.lastError !== null)
    expect([lastError?.code, phase]).toEqual(['not-holdfast', 'connecting'])
  })

  test('or a later one: it starts over on a new link', async () => {
    greet()
    const connection = client({ WebSocket })
    const reported: string[] = []
    connection.errors$.subscribe(({ code }) => reported.push(code))
    await online(connection)
    connected[0]?.send(new Uint8Array([1, 2]))
    const { lastError } = await state(connection, (now) => now.phase === 'reconnecting')
    expect(lastError?.code).toBe('not-holdfast')
    await online(connection)
    expect(connected).toHaveLength(2)
    expect(reported).toHaveLength(1)
  })

  test('waits no longer than its handshake time for one that opens and is silent', async () => {
    const connection = client({ WebSocket, timing: { handshakeMs: 40 } })
    expect((await state(connection, (now) => now.lastError !== null)).lastError?.code).toBe('silent')
    expect(offered).toHaveLength(1)
  })

  test('nor for one that is never answered, and then closes it', async () => {
    const closed: number[] = []
    class Swallowed extends MockWebSocket {
      override close(code = 0) {
        closed.push(code)
      }
    }
    Object.defineProperty(Swallowed.prototype, 'readyState', { get: () => 4, set: () => {} })
    const connection = client({ WebSocket: Swallowed as unknown as WebSocketClass, timing: { handshakeMs: 40 } })
    expect((await state(connection, (now) => now.lastError !== null)).lastError?.code).toBe('swallowed')
    expect(closed).toEqual([1000])
  })

  test('goes on with an event stream where the constructor throws, as a content security policy makes it', async () => {
    world = await createWorld()
    const Throwing = class {
      constructor() {
        throw new DOMException('The operation is insecure.', 'SecurityError')
      }
    } as unknown as WebSocketClass
    const connection = world.connect({ WebSocket: Throwing })
    expect(await online(connection)).toMatchObject({ transport: 'sse', reason: 'refused' })
    expect((await connection.topic('a').publish(1)).offset).toBe(1)
  })

  test('goes on with an event stream where there is no WebSocket, and says so', async () => {
    vi.stubGlobal('WebSocket', undefined)
    world = await createWorld()
    const connection = connect(world.url)
    connections.push(connection)
    expect(await online(connection)).toMatchObject({ transport: 'sse', reason: 'websocket-missing' })
    expect((await connection.topic('a').publish(1)).offset).toBe(1)
  })

  test('takes the global WebSocket where there is one', async () => {
    vi.stubGlobal('WebSocket', WebSocket)
    server.stop()
    server = new Server('wss://hub.test/realtime', { mock: false })
    greet()
    expect(await online(client({}, 'https://hub.test/realtime'))).toMatchObject({
      transport: 'websocket',
      reason: null,
    })
  })

  test('asks again only when the hub has said, and stops where it said stop', async () => {
    server.on('connection', (socket) => {
      const how = connected.length === 1 ? [4004, 'later 60'] : [4305, 'disconnected']
      socket.close({ code: how[0] as number, reason: how[1] as string, wasClean: true })
    })
    const begun = Date.now()
    const connection = client({ WebSocket, timing: { backoffMs: 1 } })
    const { lastError } = await state(connection, ({ phase }) => phase === 'failed')
    expect(lastError?.code).toBe('disconnected')
    expect(Date.now() - begun).toBeGreaterThanOrEqual(60)
    expect(connected).toHaveLength(2)
  })
})
