import { afterEach, describe, expect, test } from 'vitest'
import { dial, drawSession, openSse, openStream, post, type Served, serve } from './support.ts'

let served: Served
afterEach(() => served.close())

describe('a conversation', () => {
  test('over WebSocket', async () => {
    served = await serve({ onSession: (session) => session.send({ hi: session.id }) })
    served.hub.handle('double', ({ data }) => (data as number) * 2)
    const { id, hello } = drawSession()
    const { frames, send, socket } = dial(
      served.base,
      hello([
        ['$inbox', 'start'],
        ['chat', 'live'],
      ]),
    )
    await frames.kind('subscribed', 2)
    expect(frames.all[0]?.[0]).toBe('welcome')
    expect(socket.protocol).toBe('holdfast.1')
    send(['ping', 7], ['publish', 1, 'chat', { a: 1 }], ['request', 2, 'double', 21], ['publish', 1, 'chat', { a: 1 }])
    await frames.until((frame) => frame[0] === 'receipt', 3)
    expect(await frames.kind('pong')).toEqual(['pong', 7])
    const answer = await frames.until((frame) => frame[0] === 'entry' && frame[5] === 'reply.2')
    expect(answer[4]).toBe(42)
    const chat = frames.of('entry').filter(([, topic]) => topic === 'chat')
    expect(chat).toHaveLength(1)
    expect(chat[0]!.slice(4)).toEqual([{ a: 1 }, `${id}.1`])
    expect(frames.of('receipt').map(([, n, cursor]) => [n, cursor])).toEqual([
      [1, chat[0]![2]],
      [2, undefined],
      [1, chat[0]![2]],
    ])
    expect(frames.of('entry').find(([, topic]) => topic === '$inbox')![4]).toEqual({ hi: id })
    send(['read', 1, 'chat', 'start', 1])
    expect(await frames.kind('page')).toEqual(['page', 1, expect.stringMatching(/\.0$/), [chat[0]!.slice(2)], true])
  })

  test.each([false, true])('over SSE and POST (behind express.json(): %s)', async (json) => {
    const { default: express } = await import('express')
    served = await serve({}, (app) => json && app.use(express.json({ type: '*/*', strict: false }), express.text()))
    const { hello, line } = drawSession()
    const stream = await openSse(served.base, hello([['chat', 'live']]))
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream')
    expect(stream.response.headers.get('x-accel-buffering')).toBe('no')
    expect(stream.response.headers.get('cache-control')).toBe('no-cache, no-transform')
    await stream.frames.kind('subscribed')
    await served.hub.topic('chat').publish({ n: 1 })
    expect((await stream.frames.kind('entry')).slice(4)).toEqual([{ n: 1 }])
    if (json) return
    const sent = await post(
      `${served.base}/send`,
      `${line()}\n["ping",3]\n["publish",1,"chat","x"]\n["subscribe",2,"b","start"]`,
    )
    expect(sent.status).toBe(200)
    expect(sent.frames).toEqual([
      ['receipt', 1, expect.stringMatching(/\.2$/)],
      ['receipt', 2],
    ])
    expect(await stream.frames.kind('pong')).toEqual(['pong', 3])
    await stream.frames.until((frame) => frame[0] === 'subscribed' && frame[1] === 'b')
  })

  test('over polling', async () => {
    served = await serve({ heartbeatMs: 100 })
    const { hello, line } = drawSession()
    const first = await post(
      `${served.base}/poll`,
      hello([
        ['chat', 'live'],
        ['$inbox', 'start'],
      ]),
    )
    expect(first.frames.map(([kind]) => kind)).toEqual(['welcome', 'subscribed', 'subscribed'])
    const chat = first.frames.find((frame) => frame[1] === 'chat')![2] as string
    const inbox = first.frames.find((frame) => frame[1] === '$inbox')![2] as string
    const poll = (cursor: string) =>
      post(
        `${served.base}/poll`,
        `${line()}\n${JSON.stringify([
          'poll',
          [
            ['chat', cursor],
            ['$inbox', inbox],
          ],
        ])}`,
      )
    const waiting = poll(chat)
    const sent = await post(`${served.base}/send`, `${line()}\n["publish",1,"chat","x"]`)
    expect(sent.frames).toEqual([['receipt', 1, expect.any(String)]])
    const got = await waiting
    const entries = got.frames[0]?.[0] === 'heartbeat' ? (await poll(chat)).frames : got.frames
    expect(entries).toEqual([['entry', 'chat', sent.frames[0]![2], expect.any(Number), 'x', expect.any(String)]])
    expect((await poll(sent.frames[0]![2] as string)).frames).toEqual([['heartbeat']])
  })

  test('a publish to a topic address whose body express.json() has read', async () => {
    const { default: express } = await import('express')
    served = await serve({}, (app) => app.use(express.json()))
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${served.base}/topics/a`, { method: 'POST', body: '{"x":[1]}', headers })
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({
      cursor: expect.stringMatching(/\.1$/),
      offset: 1,
      epoch: expect.any(String),
    })
  })

  test('what the client has acknowledged is no longer kept for its inbox, and one who never had it is told', async () => {
    served = await serve({ onSession: (session) => session.send('first') })
    const { hello } = drawSession()
    const { frames, send } = dial(served.base, hello([['$inbox', 'start']]))
    const entry = await frames.kind('entry')
    send(['ack', [['$inbox', entry[2]]]], ['ping', 1])
    await frames.kind('pong')
    const again = dial(served.base, hello([['$inbox', 'start']], { link: 2 }))
    const start = `${(entry[2] as string).split('.')[0]}.0`
    expect(await again.frames.kind('subscribed')).toEqual(['subscribed', '$inbox', start, { from: 'start' }])
    expect(await again.frames.kind('gap')).toEqual(['gap', '$inbox', start, entry[2], 'trimmed'])
  })

  test('at a topic of its own address', async () => {
    served = await serve({ authenticate: ({ token }) => token ?? 'guest' })
    const heard: unknown[] = []
    const { promise, resolve } = withResolvers<void>()
    served.hub.topic('a b').events$.subscribe((event) => {
      heard.push(event.type === 'message' && [event.data, event.user, event.session])
      resolve()
    })
    const stream = await openStream(`${served.base}/topics/a%20b?from=start`)
    expect(await stream.event(1)).toMatch(/^id: [\w-]+\.0$/)
    const sent = await post(`${served.base}/topics/a%20b`, '{"x":1}', {
      'content-type': 'application/json',
      authorization: 'Bearer ada',
    }).catch((error) => error)
    // The body is a receipt, no frame.
    expect(String(sent)).toContain('not an array')
    expect(await stream.event(2)).toMatch(/^id: [\w-]+\.1\ndata: {"x":1}$/)
    await promise
    expect(heard).toEqual([[{ x: 1 }, 'ada', null]])
    stream.close()
    const cursor = stream.events[1]!.slice(4, stream.events[1]!.indexOf('\n'))
    await served.hub.topic('a b').publish(new Uint8Array([1, 2]))
    const again = await openStream(`${served.base}/topics/a%20b?from=start`, { headers: { 'last-event-id': cursor } })
    expect(await again.event(1)).toBe(`id: ${cursor}`)
    expect(await again.event(2)).toMatch(/\nevent: binary\ndata: AQI=$/)
    again.close()
  })
})

function withResolvers<T>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
