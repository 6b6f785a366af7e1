import { type EventEmitter, once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  createFaultProxy,
  describe as describeEntry,
  type FaultProxy,
  type Faults,
  type LogEntry,
  type Rule,
} from './support/fault-proxy/index.ts'
import { freePort } from './support/free-port.ts'

/** A plain server that remembers what reached it. */
interface Origin {
  port: number
  server: Server
  sockets: WebSocketServer
  /** Bodies of the POSTs. */
  posted: string[]
  streams: ServerResponse[]
  upgrades: number
  connections: Set<Socket>
}

let origin: Origin
let proxy: FaultProxy
const agents: Agent[] = []
const clients: { terminate(): void }[] = []

beforeEach(async () => {
  origin = await createOrigin()
  proxy = await createFaultProxy({ target: { host: '127.0.0.1', port: origin.port }, random: () => 0.5 })
})

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy()
  for (const client of clients.splice(0)) client.terminate()
  await proxy.close()
  for (const client of origin.sockets.clients) client.terminate()
  origin.server.closeAllConnections()
  await new Promise((resolve) => origin.server.close(resolve))
})

describe('without faults', () => {
  test('requests share a kept-alive connection and each is counted', async () => {
    const agent = keepAlive()
    expect(await send('/a/send', 'one', { agent })).toMatchObject({ status: 200, body: 'got one' })
    expect(await send('/a/send?x=1', 'two', { agent })).toMatchObject({ status: 200, body: 'got two' })
    expect(await get('/plain', { agent })).toMatchObject({ status: 200, body: 'hello' })
    expect(proxy.stats.connections).toBe(1)
    expect({ ...proxy.stats.requests }).toEqual({ 'POST /a/send': 2, 'GET /plain': 1 })
    expect(
      proxy.log.filter(({ event }) => event === 'end').map(({ method, path, status }) => [method, path, status]),
    ).toEqual([
      ['POST', '/a/send', 200],
      ['POST', '/a/send?x=1', 200],
      ['GET', '/plain', 200],
    ])
    expect(proxy.stats.bytesDown).toBeGreaterThan(0)
  })

  test('every kind of message framing is followed', async () => {
    const agent = keepAlive()
    expect(await send('/send', ['chunk', 'ed ', 'x'.repeat(100_000)], { agent })).toMatchObject({
      body: `got chunked ${'x'.repeat(100_000)}`,
    })
    expect(await get('/chunked', { agent })).toMatchObject({ status: 200, body: 'first second' })
    expect(await get('/empty', { agent })).toMatchObject({ status: 204, body: '' })
    expect(await get('/plain', { agent, method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
    expect(await get('/early', { agent })).toMatchObject({ status: 200, body: 'after hints' })
    expect(await get('/until-close', { agent })).toMatchObject({ status: 200, body: 'until close' })
    expect(proxy.log.filter(({ event }) => event === 'end')).toHaveLength(6)
  })

  test('pipelined requests are told apart and answered in order', async () => {
    const socket = rawClient()
    const first = 'POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none'
    socket.write(`${first}GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    const text = await readAll(socket)
    expect(text.indexOf('got one')).toBeGreaterThan(0)
    expect(text.indexOf('hello')).toBeGreaterThan(text.indexOf('got one'))
    expect({ ...proxy.stats.requests }).toEqual({ 'POST /send': 1, 'GET /plain': 1 })
  })

  test('a head that arrives byte by byte is read', async () => {
    const socket = rawClient()
    for (const byte of 'GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') socket.write(byte)
    expect(await readAll(socket)).toContain('hello')
  })

  test('what is no HTTP is reset', async () => {
    const socket = rawClient()
    socket.on('error', () => {})
    socket.write('nonsense\r\n\r\n')
    await closing(socket)
    expect(origin.connections.size).toBe(0)
  })

  test('a WebSocket passes both ways, in order, with its subprotocol', async () => {
    const socket = openSocket(['v1', 'v2'])
    await once(socket, 'open')
    expect(socket.protocol).toBe('v1')
    const count = 20_000
    const echoed = collect(socket, count)
    for (let index = 0; index < count; index++) socket.send(String(index))
    expect(await echoed).toEqual(Array.from({ length: count }, (_, index) => String(index)))
    const closed = closing(socket)
    socket.close(4001, 'bye')
    expect((await closed)[0]).toBe(4001)
    expect(proxy.log.map(({ event }) => event).slice(0, 2)).toEqual(['request', 'response'])
  })

  test('each event of a stream passes at once', async () => {
    const stream = await openStream()
    for (const word of ['one', 'two', 'three']) {
      const next = stream.next()
      origin.streams[0]?.write(`data: ${word}\n\n`)
      expect(await next).toBe(`data: ${word}\n\n`)
    }
  })

  test('a client that leaves a stream is noticed by the server, and a server that ends it by the client', async () => {
    const left = await openStream()
    const closed = closing(origin.streams[0]!)
    left.destroy()
    await closed
    const ended = await openStream()
    origin.streams[1]?.end()
    expect(await ended.next()).toBe(null)
  })

  test('a server that is not there resets the client', async () => {
    const nobody = await createFaultProxy({ target: { host: '127.0.0.1', port: await freePort() } })
    await expect(get('/plain', { port: nobody.port })).rejects.toMatchObject({ code: 'ECONNRESET' })
    await nobody.close()
  })

  test('the target is asked for each connection', async () => {
    const other = await createOrigin()
    const ports = [origin.port, other.port]
    const both = await createFaultProxy({ target: () => ({ host: '127.0.0.1', port: ports.shift() ?? 0 }) })
    await send('/send', 'one', { port: both.port })
    await send('/send', 'two', { port: both.port })
    expect([origin.posted, other.posted]).toEqual([['one'], ['two']])
    await both.close()
    other.server.closeAllConnections()
    other.server.close()
  })

  test('a slow reader slows the server down', async () => {
    const socket = rawClient()
    socket.pause()
    socket.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n')
    const [response] = (await once(origin.server, 'full')) as [ServerResponse]
    expect(response.writableNeedDrain).toBe(true)
    const closed = closing(response)
    socket.destroy()
    await closed
  })
})

describe('latency', () => {
  test('a new connection costs two round trips, a kept-alive one a single one', async () => {
    const agent = keepAlive()
    proxy.set({ latencyMs: 50 })
    const fresh = await timed(() => get('/plain', { agent }))
    const kept = await quickest(() => get('/plain', { agent }))
    expect(fresh).toBeGreaterThanOrEqual(200)
    expect(kept).toBeGreaterThanOrEqual(100)
    expect(fresh / kept).toBeGreaterThan(1.5)
    expect(proxy.stats.connections).toBe(1)
  })

  test('an idle connection does not pay for the set-up a second time', async () => {
    proxy.set({ latencyMs: 40 })
    const socket = rawClient()
    await once(socket, 'connect')
    const fresh = await timed(() => get('/plain'))
    const idle = await quickest(async () => {
      socket.write('GET /plain HTTP/1.1\r\nHost: x\r\n\r\n')
      await once(socket, 'data')
    })
    expect(idle).toBeGreaterThanOrEqual(80)
    expect(fresh / idle).toBeGreaterThan(1.5)
  })

  test('it keeps order and does not limit throughput', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    proxy.set({ latencyMs: 30, jitterMs: 10 })
    const count = 5_000
    const echoed = collect(socket, count)
    const took = await timed(async () => {
      for (let index = 0; index < count; index++) socket.send(String(index))
      expect(await echoed).toEqual(Array.from({ length: count }, (_, index) => String(index)))
    })
    expect(took).toBeGreaterThanOrEqual(60)
    expect(took).toBeLessThan((count * 60) / 10)
  })

  test('healing hurries what is under way', async () => {
    proxy.set({ latencyMs: 3_600_000 })
    const answer = get('/plain')
    await until(() => proxy.stats.connections === 1)
    proxy.heal()
    expect((await answer).body).toBe('hello')
  })

  test('a throttled response trickles at its rate, and not after healing', async () => {
    proxy.set({ throttleBytesPerSecond: 100_000 })
    const took = await timed(() => send('/send', 'x'.repeat(20_000)))
    expect(took).toBeGreaterThanOrEqual(190)
    proxy.set({ throttleBytesPerSecond: 1 })
    const answer = get('/plain')
    await proxy.next({ event: 'response' })
    proxy.heal()
    expect((await answer).body).toBe('hello')
  })
})

describe('websocket', () => {
  test.each([
    ['refuse', 403],
    [{ refuse: 404 }, 404],
    [{ refuse: 502 }, 502],
  ] as [Faults['websocket'], number][])('%j answers with a status', async (websocket, status) => {
    proxy.set({ websocket })
    const socket = openSocket()
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(response.statusCode).toBe(status)
    expect(origin.upgrades).toBe(0)
    expect(proxy.log.map(({ event }) => event)).toContain('refuse')
    expect((await get('/plain')).status).toBe(200)
  })

  test('swallow never answers', async () => {
    proxy.set({ websocket: 'swallow' })
    const swallowed = proxy.next({ event: 'drop' })
    const socket = openSocket()
    await swallowed
    await get('/plain')
    expect(socket.readyState).toBe(WebSocket.CONNECTING)
    expect(origin.upgrades).toBe(0)
    socket.terminate()
    await until(() => proxy.stats.open === 0)
  })

  test('cut lets the 101 pass and nothing after it', async () => {
    proxy.set({ websocket: 'cut' })
    const events: string[] = []
    const socket = openSocket()
    for (const name of ['open', 'message', 'close']) socket.on(name, () => events.push(name))
    expect((await closing(socket))[0]).toBe(1006)
    expect(events).toEqual(['open', 'close'])
    expect(origin.upgrades).toBe(1)
  })

  test('silent is a valid 101 from nobody', async () => {
    proxy.set({ websocket: 'silent' })
    const socket = openSocket(['v7', 'v8'])
    socket.on('message', () => expect.unreachable())
    await once(socket, 'open')
    expect(socket.protocol).toBe('v7')
    socket.send('anyone?')
    await get('/plain')
    expect(origin.upgrades).toBe(0)
    expect(socket.readyState).toBe(WebSocket.OPEN)
  })

  test('mute reaches the server, which is not heard, not even its end', async () => {
    proxy.set({ websocket: 'mute' })
    const socket = openSocket()
    socket.on('message', () => expect.unreachable())
    await once(socket, 'open')
    const [peer] = origin.sockets.clients
    const heard = once(peer!, 'message')
    socket.send('hello')
    expect(String((await heard)[0])).toBe('hello')
    peer!.terminate()
    await get('/plain')
    expect(socket.readyState).toBe(WebSocket.OPEN)
  })

  test('a slow handshake takes its time and is then a normal connection', async () => {
    proxy.set({ websocket: { delayMs: 120 } })
    const took = await timed(async () => {
      const socket = openSocket()
      const greeting = collect(socket, 1)
      socket.once('open', () => socket.send('echo'))
      expect(await greeting).toEqual(['echo'])
    })
    expect(took).toBeGreaterThanOrEqual(119)
    proxy.set({ websocket: { delayMs: 3_600_000 } })
    const delayed = proxy.next({ event: 'stall' })
    const hopeless = openSocket()
    await delayed
    await get('/plain')
    expect(hopeless.readyState).toBe(WebSocket.CONNECTING)
    expect(origin.upgrades).toBe(1)
  })

  test('an upgrade that the server refuses is a response like any other', async () => {
    origin.sockets.options.verifyClient = () => false
    const socket = openSocket()
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(response.statusCode).toBe(401)
  })
})

describe('stream', () => {
  test('buffer holds head and body back until the response ends', async () => {
    proxy.set({ stream: 'buffer' })
    const buffered = proxy.next({ event: 'buffer' })
    let opened = false
    const opening = openStream().finally(() => {
      opened = true
    })
    await buffered
    origin.streams[0]?.write('data: one\n\n')
    expect((await get('/plain')).body).toBe('hello')
    expect(opened).toBe(false)
    origin.streams[0]?.end('data: two\n\n')
    const stream = await opening
    expect(await stream.rest()).toBe('data: one\n\ndata: two\n\n')
  })

  test('buffer begins in mid-stream and healing lets go', async () => {
    const stream = await openStream()
    origin.streams[0]?.write('data: one\n\n')
    expect(await stream.next()).toBe('data: one\n\n')
    proxy.set({ stream: 'buffer' })
    const buffered = proxy.next({ event: 'buffer' })
    const next = stream.next()
    origin.streams[0]?.write('data: two\n\n')
    await buffered
    expect(stream.received()).toBe('data: one\n\n')
    proxy.heal()
    expect(await next).toBe('data: two\n\n')
  })

  test('what is held back is bounded: the server is slowed down', async () => {
    proxy.set({ stream: 'buffer' })
    const buffered = proxy.next({ event: 'buffer' })
    const opening = openStream()
    await buffered
    const response = origin.streams[0]!
    const drained = once(response, 'stuck')
    fill(response)
    await drained
    expect(proxy.stats.bytesDown).toBe(0)
    response.end()
    proxy.heal()
    expect((await (await opening).rest()).length).toBeGreaterThan(1024 * 1024)
  })

  test('cut comes right after the head, or after so many bytes, or in mid-stream', async () => {
    proxy.set({ stream: 'cut' })
    const stream = await openStream()
    expect(await stream.next()).toBe(null)
    proxy.set({ stream: { cutAfterBytes: 30 } })
    const longer = await openStream()
    const response = origin.streams[1]!
    const gone = closing(response)
    response.write(`data: ${'x'.repeat(10)}\n\n`)
    response.write(`data: ${'y'.repeat(100)}\n\n`)
    await gone
    expect((await longer.rest()).length).toBeLessThanOrEqual(30)
    expect(longer.received()).toContain('xxxxxxxxxx')
    proxy.heal()
    const open = await openStream()
    proxy.set({ stream: 'cut' })
    expect(await open.next()).toBe(null)
  })

  test('other responses are left alone', async () => {
    proxy.set({ stream: 'cut' })
    expect((await get('/chunked')).body).toBe('first second')
  })
})

describe('post', () => {
  test('fail answers without the server, on a connection that lives on', async () => {
    const agent = keepAlive()
    proxy.set({ post: 'fail' })
    expect((await send('/send', 'one', { agent })).status).toBe(502)
    proxy.set({ post: { fail: 503 } })
    expect((await send('/send', ['tw', 'o'], { agent })).status).toBe(503)
    expect((await send('/other', 'three', { agent })).status).toBe(200)
    proxy.heal()
    expect((await send('/send', 'four', { agent })).status).toBe(200)
    expect(origin.posted).toEqual(['three', 'four'])
    expect(proxy.stats.connections).toBe(1)
  })

  test('lose-response is applied by the server and reset for the client', async () => {
    proxy.set({ post: 'lose-response' })
    const stop = proxy.listen(({ event }) => {
      if (event === 'cut') proxy.set({ post: 'pass' })
    })
    await expect(send('/send', 'one')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect((await send('/send', 'two')).status).toBe(200)
    expect(origin.posted).toEqual(['one', 'two'])
    stop()
  })

  test('a body above the limit is answered with 413, whether its length was declared or not', async () => {
    const agent = keepAlive()
    proxy.set({ post: { maxBytes: 5 } })
    expect((await send('/send', '12345', { agent })).status).toBe(200)
    expect((await send('/send', '123456', { agent })).status).toBe(413)
    expect((await send('/send', ['123', '45'], { agent })).status).toBe(200)
    expect((await send('/send', ['123', '456', '7'], { agent })).status).toBe(413)
    expect(origin.posted).toEqual(['12345', '12345'])
  })

  test('swallow never answers', async () => {
    proxy.set({ post: 'swallow' })
    const swallowed = proxy.next({ event: 'drop' })
    const lost = send('/send', 'one').catch((error: Error) => error)
    await swallowed
    await get('/plain')
    expect(origin.posted).toEqual([])
    proxy.cut()
    expect(await lost).toBeInstanceOf(Error)
  })

  test('which POSTs are meant can be said', async () => {
    const own = await createFaultProxy({
      target: { host: '127.0.0.1', port: origin.port },
      faults: { post: 'fail' },
      kindOf: ({ path }) => (path === '/up' ? 'post' : 'other'),
    })
    expect((await send('/up', 'one', { port: own.port })).status).toBe(502)
    expect((await send('/send', 'two', { port: own.port })).status).toBe(200)
    await own.close()
  })
})

describe('cut, stall and block', () => {
  test('cut resets the chosen transport on both sides', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    const stream = await openStream()
    const [peer] = origin.sockets.clients
    const closed = Promise.all([closing(socket), closing(peer!)])
    expect(proxy.cut({ transport: 'websocket' })).toBe(1)
    expect((await closed)[0][0]).toBe(1006)
    const next = stream.next()
    origin.streams[0]?.write('data: still here\n\n')
    expect(await next).toBe('data: still here\n\n')
    const gone = closing(origin.streams[0]!)
    expect(proxy.cut({ transport: 'stream', how: 'end' })).toBe(1)
    expect(await stream.next()).toBe(null)
    await gone
  })

  test('a connection that the server has half-closed can be cut', async () => {
    const socket = rawClient()
    // Keeps its own side open after the server's end.
    socket.allowHalfOpen = true
    socket.write('GET /until-close HTTP/1.1\r\nHost: x\r\n\r\n')
    socket.resume()
    await once(socket, 'end')
    const closed = closing(socket)
    proxy.cut()
    await until(() => proxy.stats.open === 0)
    socket.end()
    await closed
  })

  test('a cut forgets a connection of which both ends are gone while the news is still under way', async () => {
    const socket = rawClient()
    socket.write('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'data')
    proxy.set({ latencyMs: 3_600_000 })
    socket.resetAndDestroy()
    origin.streams[0]?.socket?.resetAndDestroy()
    // Past the proxy, for time in which it hears of both.
    for (let count = 0; count < 5; count++) await get('/plain', { port: origin.port })
    expect(proxy.stats.open).toBe(1)
    expect(proxy.cut()).toBe(1)
    await until(() => proxy.stats.open === 0)
  })

  test.each(['client', 'server'] as const)(
    'a cut that only the %s hears of leaves the other half-open',
    async (notice) => {
      const socket = openSocket()
      await once(socket, 'open')
      const [peer] = origin.sockets.clients
      const [told, untold] = notice === 'client' ? [socket, peer!] : [peer!, socket]
      const closed = closing(told)
      proxy.cut({ notice })
      await closed
      await get('/plain')
      untold.send('into the void')
      expect(untold.readyState).toBe(WebSocket.OPEN)
      const late = closing(untold)
      proxy.heal()
      expect((await late)[0]).toBe(1006)
    },
  )

  test('stall holds everything on present connections, an end too, and resume delivers it in order', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    const [peer] = origin.sockets.clients
    const heard: string[] = []
    peer!.on('message', (data) => heard.push(String(data)))
    socket.send('before')
    await until(() => heard.length === 1)
    expect(proxy.stall()).toBe(1)
    for (const word of ['one', 'two']) socket.send(word)
    const leaving = closing(peer!)
    socket.close(4002)
    expect((await get('/plain')).body).toBe('hello')
    expect(heard).toEqual(['before'])
    proxy.resume()
    expect((await leaving)[0]).toBe(4002)
    expect(heard).toEqual(['before', 'one', 'two'])
  })

  test('one direction can be stalled alone', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    const echoed = collect(socket, 1)
    proxy.stall({ transport: 'websocket', direction: 'down' })
    const [peer] = origin.sockets.clients
    const heard = once(peer!, 'message')
    socket.send('up')
    expect(String((await heard)[0])).toBe('up')
    await get('/plain')
    proxy.resume()
    expect(await echoed).toEqual(['up'])
  })

  test('block swallow takes old and new connections alike, and nobody is told', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    const echoed = collect(socket, 1)
    proxy.set({ block: 'swallow' })
    socket.send('old')
    const answer = get('/plain')
    await until(() => proxy.stats.connections === 2)
    expect({ ...proxy.stats.requests }).toEqual({ 'GET /': 1 })
    proxy.heal()
    expect(await echoed).toEqual(['old'])
    expect((await answer).body).toBe('hello')
  })

  test('block refuse resets old and new connections', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    const closed = closing(socket)
    proxy.set({ block: 'refuse' })
    await closed
    await expect(get('/plain')).rejects.toMatchObject({ code: 'ECONNRESET' })
    proxy.heal()
    expect((await get('/plain')).status).toBe(200)
  })
})

describe('rules', () => {
  test('delay is for the direction and the kind that it names', async () => {
    proxy.use([{ on: 'other', direction: 'down', do: 'delay', ms: 60 }])
    expect(await quickest(() => get('/plain'))).toBeGreaterThanOrEqual(59)
    expect(await quickest(() => send('/send', 'one'))).toBeLessThan(59)
  })

  test('throttle slows the way up as well', async () => {
    proxy.use([{ direction: 'up', do: 'throttle', bytesPerSecond: 100_000 }])
    expect(await timed(() => send('/send', 'x'.repeat(20_000)))).toBeGreaterThanOrEqual(190)
  })

  test('stall holds old exchanges and new ones until the rule goes, or its time is over', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    const echoed = collect(socket, 2)
    proxy.use([{ on: 'websocket', direction: 'down', do: 'stall' }])
    socket.send('one')
    expect((await get('/plain')).body).toBe('hello')
    const [peer] = origin.sockets.clients
    const heard = once(peer!, 'message')
    socket.send('two')
    await heard
    proxy.use([])
    expect(await echoed).toEqual(['one', 'two'])
    proxy.use([{ on: 'post', direction: 'up', do: 'stall', forMs: 80 }])
    expect(await timed(() => send('/send', 'one'))).toBeGreaterThanOrEqual(79)
  })

  test('a stall that comes to its end while it is looked at ends all the same', async () => {
    let now = performance.now()
    // A look takes longer than a stall has left.
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 4))
    try {
      for (let forMs = 1; forMs <= 40; forMs++) {
        proxy.use([{ on: 'post', direction: 'up', do: 'stall', forMs }])
        expect((await send('/send', 'one')).status).toBe(200)
      }
    } finally {
      clock.mockRestore()
    }
  })

  test('stall in mid-stream lets exactly so many bytes through', async () => {
    const stream = await openStream()
    proxy.use([{ on: 'stream', direction: 'down', afterBytes: 5, do: 'stall' }])
    const next = stream.next()
    origin.streams[0]?.write('data: one\n\n')
    // Of the raw bytes, which begin with the chunk's length.
    expect(await next).toBe('da')
  })

  test('drop throws away what comes, in its direction alone', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    const [peer] = origin.sockets.clients
    const heard: string[] = []
    peer!.on('message', (data) => heard.push(String(data)))
    proxy.use([{ on: 'websocket', direction: 'up', do: 'drop' }])
    socket.send('lost')
    const greeted = collect(socket, 1)
    peer!.send('hello')
    expect(await greeted).toEqual(['hello'])
    proxy.heal()
    socket.send('lost too')
    await get('/plain')
    expect(heard).toEqual([])
  })

  test('cut in place of the answer, after a while, and by FIN', async () => {
    proxy.use([{ on: 'post', direction: 'down', do: 'cut' }])
    await expect(send('/send', 'one')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(origin.posted).toEqual(['one'])
    proxy.use([{ on: 'websocket', afterMs: 60, do: 'cut', how: 'end' }])
    const socket = openSocket()
    const lived = await timed(() => closing(socket))
    expect(lived).toBeGreaterThanOrEqual(59)
    expect(proxy.log.filter(({ event }) => event === 'cut')).toHaveLength(2)
  })

  test('corrupt damages a body and no head', async () => {
    proxy.use([{ on: 'post', direction: 'down', do: 'corrupt' }])
    const { status, body } = await send('/send', 'one')
    expect(status).toBe(200)
    expect(body).not.toBe('got one')
    proxy.use([{ on: 'websocket', direction: 'down', do: 'corrupt' }])
    const socket = openSocket()
    await once(socket, 'open')
    const closed = closing(socket)
    socket.send('x'.repeat(1_000))
    expect([1006, 1002, 1007]).toContain((await closed)[0])
  })

  test('refuse answers with a status or a reset, before the server hears of it', async () => {
    proxy.use([
      { on: 'post', do: 'refuse', status: 503 },
      { on: 'other', do: 'refuse', status: 'reset' },
    ])
    expect((await send('/send', 'one')).status).toBe(503)
    await expect(get('/plain')).rejects.toMatchObject({ code: 'ECONNRESET' })
    proxy.use([{ do: 'refuse', status: 'reset' }])
    await expect(get('/plain')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(origin.posted).toEqual([])
  })

  test('the first of an action counts, and different ones add up', async () => {
    proxy.use([
      { on: 'post', do: 'refuse', status: 500 },
      { do: 'delay', ms: 30 },
      { on: 'http', do: 'refuse', status: 418 },
    ])
    expect((await send('/send', 'one')).status).toBe(500)
    expect(await timed(async () => expect((await get('/plain')).status).toBe(418))).toBeGreaterThanOrEqual(119)
  })

  test('the nth connection can be meant', async () => {
    proxy.use([{ connection: 2, do: 'refuse', status: 503 }])
    const answers = [await get('/plain'), await get('/plain'), await get('/plain')]
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 200])
  })

  test('a probability is drawn once for each exchange', async () => {
    const rolls = [0.1, 0.9, 0.2]
    const own = await proxy.open('dice', { random: () => rolls.shift() ?? 1 })
    own.use([{ on: 'http', probability: 0.5, do: 'refuse', status: 503 }])
    const agent = keepAlive()
    rolls.unshift(1, 1)
    const statuses: number[] = []
    for (let count = 0; count < 3; count++) statuses.push((await get('/plain', { port: own.port, agent })).status)
    expect(statuses).toEqual([503, 200, 503])
  })

  test('fresh leaves alone what had begun', async () => {
    const socket = openSocket()
    await once(socket, 'open')
    proxy.use([{ on: 'websocket', fresh: true, do: 'cut' }])
    const echoed = collect(socket, 1)
    socket.send('old')
    expect(await echoed).toEqual(['old'])
    expect((await closing(openSocket()))[0]).toBe(1006)
  })

  test('each port has a network of its own, and the common rules after its own', async () => {
    const alice = await proxy.open('alice')
    const bob = await proxy.open('bob', { rules: [{ do: 'refuse', status: 500 }] })
    const status = async (port: FaultProxy) => (await get('/plain', { port: port.port })).status
    proxy.use([
      { do: 'refuse', status: 502 },
      { port: 'alice', do: 'delay', ms: 40 },
    ])
    expect([await status(proxy), await status(alice), await status(bob)]).toEqual([502, 502, 500])
    expect(await timed(() => status(alice))).toBeGreaterThanOrEqual(159)
    expect(await timed(() => status(bob))).toBeLessThan(159)
    alice.use([{ do: 'refuse', status: 404 }])
    expect(await status(alice)).toBe(404)
    proxy.heal()
    expect([await status(proxy), await status(alice), await status(bob)]).toEqual([200, 200, 200])
    expect(new Set(proxy.log.map(({ port }) => port))).toEqual(new Set(['', 'alice', 'bob']))
    expect(alice.log.every(({ port }) => port === 'alice')).toBe(true)
    expect(describeEntry(alice.log.at(-1)!)).toMatch(/^\d+\.\d+ alice#\d+ other GET \/plain end 200 up \d+ down \d+$/)
  })

  test('what is no rule is refused', () => {
    const wrong: unknown[] = [
      {},
      [{}],
      [{ do: 'explode' }],
      [{ do: 'delay' }],
      [{ do: 'delay', ms: -1 }],
      [{ do: 'cut', how: 'gently' }],
      [{ do: 'refuse', status: 99 }],
      [{ do: 'stall', ms: 5 }],
      [{ on: 'smtp', do: 'cut' }],
      [{ probability: 2, do: 'cut' }],
      [{ toString: 1, do: 'cut' }],
    ]
    for (const rules of wrong) expect(() => proxy.use(rules as Rule[])).toThrow(TypeError)
    expect(proxy.rules).toEqual([])
  })
})

describe('the proxy itself', () => {
  test('refuses faults that it does not know', () => {
    const wrong: unknown[] = [
      { latency: 5 },
      { latencyMs: -1 },
      { latencyMs: Number.NaN },
      { websocket: 'maybe' },
      { websocket: { refuse: 403, delayMs: 1 } },
      { stream: { cutAfterBytes: '1' } },
      { toString: 1 },
    ]
    for (const change of wrong) expect(() => proxy.set(change as Partial<Faults>)).toThrow(TypeError)
    expect(proxy.faults.latencyMs).toBe(0)
  })

  test('its log is bounded', async () => {
    const agent = keepAlive()
    const seen: LogEntry[] = []
    proxy.listen((entry) => seen.push(entry))
    for (let index = 0; index < 800; index++) await get(`/plain?${index}`, { agent })
    expect(seen.length).toBe(2_400)
    expect(proxy.log.length).toBeLessThanOrEqual(2_000)
    expect(proxy.log.at(-1)).toEqual(seen.at(-1))
    expect({ ...proxy.stats.requests }).toEqual({ 'GET /plain': 800 })
  })

  test('its random is the given one', async () => {
    let asked = 0
    const own = await createFaultProxy({
      target: { host: '127.0.0.1', port: origin.port },
      faults: { jitterMs: 20 },
      random: () => {
        asked += 1
        return 0.9
      },
    })
    expect(await timed(() => get('/plain', { port: own.port }))).toBeGreaterThanOrEqual(36)
    expect(asked).toBeGreaterThan(0)
    await own.close()
  })

  test('close leaves no socket, timer or listener, whatever the state of the connections', async () => {
    // The first request warms up what Node keeps for itself.
    await get('/plain')
    await until(() => proxy.stats.open === 0 && origin.connections.size === 0)
    const before = resources()
    const own = await createFaultProxy({ target: { host: '127.0.0.1', port: origin.port } })
    const open = async (change: Partial<Faults>, event: LogEntry['event']) => {
      own.set(change)
      const seen = own.next({ event })
      const socket = new WebSocket(`ws://127.0.0.1:${own.port}`)
      socket.on('error', () => {})
      const closed = closing(socket)
      await seen
      return { closed }
    }
    const opened = [
      await open({ websocket: 'swallow' }, 'drop'),
      await open({ websocket: { delayMs: 60_000 } }, 'stall'),
      await open({ websocket: 'silent' }, 'refuse'),
      await open({ websocket: 'mute' }, 'drop'),
      await open({ websocket: 'pass' }, 'response'),
    ]
    own.stall()
    own.set({ latencyMs: 60_000 })
    const late = get('/plain', { port: own.port }).catch((error: Error) => error)
    const never = own.next({ event: 'cut' })
    await until(() => own.stats.connections === 6)
    await Promise.all([own.close(), own.close()])
    expect(own.stats.open).toBe(0)
    expect(await late).toBeInstanceOf(Error)
    await Promise.all(opened.map(({ closed }) => closed))
    await expect(never).rejects.toThrow('closed')
    await until(() => origin.connections.size === 0)
    await until(() => resources().length <= before.length)
    await expect(get('/plain', { port: own.port })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

async function createOrigin(): Promise<Origin> {
  const server = createServer(respond)
  const sockets = new WebSocketServer({ server })
  const made: Origin = { port: 0, server, sockets, posted: [], streams: [], upgrades: 0, connections: new Set() }
  sockets.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  server.on('upgrade', () => {
    made.upgrades += 1
  })
  server.on('connection', (socket) => {
    made.connections.add(socket)
    socket.on('close', () => made.connections.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  made.port = (server.address() as AddressInfo).port
  return made

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url?.split('?', 1)[0]
    response.on('error', () => {})
    if (incoming.method === 'POST') {
      const body = await readAll(incoming)
      made.posted.push(body)
      response.end(`got ${body}`)
    } else if (path === '/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      response.flushHeaders()
      made.streams.push(response)
    } else if (path === '/chunked') {
      response.write('first ')
      response.end('second')
    } else if (path === '/empty') {
      response.writeHead(204).end()
    } else if (path === '/early') {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.end('after hints')
    } else if (path === '/until-close') {
      incoming.socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil close')
    } else if (path === '/endless') {
      response.once('stuck', () => server.emit('full', response))
      fill(response)
    } else {
      response.end('hello')
    }
  }
}

/** Writes until nobody reads any more, which is then said by `stuck`. */
function fill(response: ServerResponse): void {
  const chunk = Buffer.alloc(256 * 1024, 'x')
  let drained = true
  response.on('drain', () => {
    drained = true
  })
  const more = () => {
    if (!drained) {
      response.emit('stuck')
      return
    }
    drained = response.write(chunk)
    // Two turns of the loop give the readers their chance; who has not drained after many does not read.
    let patience = 200
    const wait = () => {
      patience -= 1
      if (drained || patience === 0) more()
      else setImmediate(wait)
    }
    setImmediate(wait)
  }
  more()
}

interface RequestOptions {
  agent?: Agent
  method?: string
  port?: number
}

function get(path: string, options: RequestOptions = {}): Promise<{ status: number; body: string }> {
  return exchange('GET', path, [], options)
}

/** Several pieces are sent without a declared length. */
function send(path: string, body: string | string[], options: RequestOptions = {}) {
  return exchange('POST', path, body, options)
}

async function exchange(method: string, path: string, body: string | string[], options: RequestOptions) {
  const { agent = new Agent(), port = proxy.port } = options
  const outgoing = request({ host: '127.0.0.1', port, path, method: options.method ?? method, agent })
  const answered = once(outgoing, 'response')
  if (typeof body === 'string') {
    outgoing.end(body)
  } else {
    for (const piece of body) outgoing.write(piece)
    outgoing.end()
  }
  const [response] = (await answered) as [IncomingMessage]
  return { status: response.statusCode ?? 0, body: await readAll(response) }
}

async function readAll(source: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of source) text += String(chunk)
  return text
}

function keepAlive(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  agents.push(agent)
  return agent
}

function rawClient(): Socket {
  const socket = connect({ host: '127.0.0.1', port: proxy.port })
  clients.push({ terminate: () => socket.destroy() })
  return socket
}

function openSocket(protocols: string[] = []): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}`, protocols)
  socket.on('error', () => {})
  clients.push(socket)
  return socket
}

function collect(socket: WebSocket, count: number): Promise<string[]> {
  const messages: string[] = []
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      messages.push(String(data))
      if (messages.length === count) resolve(messages)
    })
  })
}

/** An event stream as a client reads it; `next` is null when the stream is over, however that came about. */
async function openStream() {
  const outgoing = request({ host: '127.0.0.1', port: proxy.port, path: '/stream', agent: new Agent() })
  outgoing.on('error', () => {})
  clients.push({ terminate: () => outgoing.destroy() })
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let received = ''
  let over = false
  let wake = () => {}
  response.setEncoding('utf8')
  response.on('error', () => {})
  response.on('data', (text: string) => {
    received += text
    wake()
  })
  response.on('close', () => {
    over = true
    wake()
  })
  const woken = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  return {
    received: () => received,
    async next(): Promise<string | null> {
      const from = received.length
      while (received.length === from && !over) await woken()
      return received.length > from ? received.slice(from) : null
    },
    async rest(): Promise<string> {
      while (!over) await woken()
      return received
    },
    destroy: () => outgoing.destroy(),
  }
}

/** Unlike `once`, it takes no offence at an error before it. */
function closing(emitter: EventEmitter): Promise<unknown[]> {
  return new Promise((resolve) => {
    emitter.once('close', (...args) => resolve(args))
  })
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await action()
  return performance.now() - start
}

/** Of a few, so that a busy machine does not count. */
async function quickest(action: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < 3; count++) times.push(await timed(action))
  return Math.min(...times)
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

function resources(): string {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|Timeout/.test(name))
    .sort()
    .join()
}
