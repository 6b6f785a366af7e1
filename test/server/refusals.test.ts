import { connect } from 'node:net'
import { closeCodes, HoldfastError, wireLimits } from '@holdfast/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dial, drawSession, openSse, openStream, post, type Served, serve } from './support.ts'

let served: Served
let errors: HoldfastError[]
const begin = async (...parameters: Parameters<typeof serve>) => {
  served = await serve(...parameters)
  served.hub.errors$.subscribe((error) => errors.push(error))
}
beforeEach(() => {
  errors = []
})
afterEach(() => served.close())

type Code = keyof typeof closeCodes
const refusals = (code: string) => served.hub.stats().refusals[code]

/** On each transport the same words are refused with the same code. */
async function refusedEverywhere(
  hello: (transport: string) => string,
  code: Code,
  headers: Record<string, string> = {},
) {
  const { closed } = dial(served.base, hello('websocket'), { headers })
  expect(await closed).toEqual({ code: closeCodes[code].close, reason: code })
  for (const path of ['sse', 'poll']) {
    const { status, frames } = await post(`${served.base}/${path}`, hello(path), headers)
    expect([status, frames]).toEqual([
      closeCodes[code].status,
      [['close', closeCodes[code].close, code, expect.any(String)]],
    ])
  }
  expect(refusals(code)).toBe(3)
}

describe('a hello is refused, on every transport alike:', () => {
  test('another version', async () => {
    await begin()
    await refusedEverywhere(() => drawSession().hello().replace('"hello",1', '"hello",2'), 'version-unsupported')
  })

  test('malformed', async () => {
    await begin()
    await refusedEverywhere(() => '["hello",1,{"session":"short"}]', 'malformed')
  })

  test('another origin', async () => {
    await begin()
    await refusedEverywhere(() => drawSession().hello(), 'origin-forbidden', { origin: 'https://evil.example' })
    expect((await post(`${served.base}/send`, 'x', { origin: 'https://evil.example' })).status).toBe(403)
  })

  test('a token that is not accepted, and nothing of what the hook threw is told', async () => {
    await begin({
      authenticate: ({ token }) => (token === 'good' ? 'ada' : Promise.reject(new Error('db password is x'))),
    })
    await refusedEverywhere(() => drawSession().hello([], { token: 'bad' }), 'unauthenticated')
    const { frames } = await post(`${served.base}/sse`, drawSession().hello())
    expect(JSON.stringify(frames)).not.toContain('password')
  })

  test('the code that authenticate throws, with its delay', async () => {
    await begin({
      authenticate: () => {
        throw Object.assign(new HoldfastError('later', 'full'), { delayMs: 1234 })
      },
    })
    expect(await dial(served.base, drawSession().hello()).closed).toEqual({ code: 4004, reason: 'later 1234' })
    expect((await post(`${served.base}/sse`, drawSession().hello())).frames).toEqual([
      ['close', 4004, 'later', 'full', 1234],
    ])
  })

  test('an unknown session, and the secret of none', async () => {
    await begin()
    await refusedEverywhere(() => drawSession().hello([], { mode: 'resume' }), 'session-lost')
    const { hello } = drawSession()
    await dial(served.base, hello()).frames.kind('welcome')
    const stranger = hello().replace('x'.repeat(22), 'y'.repeat(22))
    await refusedEverywhere(() => stranger, 'wrong-secret')
  })

  test('a session of another user', async () => {
    await begin({ authenticate: ({ token }) => ({ id: token ?? '' }) })
    const { hello } = drawSession()
    await dial(served.base, hello([], { token: 'ada' })).frames.kind('welcome')
    await refusedEverywhere(() => hello([], { token: 'eve', mode: 'resume', link: 2 }), 'session-lost')
  })

  test('too many sessions of a user, and in total', async () => {
    await begin({ authenticate: ({ token }) => token ?? 'x', limits: { sessionsPerUser: 1, sessions: 2 } })
    await dial(served.base, drawSession().hello([], { token: 'ada' })).frames.kind('welcome')
    await refusedEverywhere(() => drawSession().hello([], { token: 'ada' }), 'too-many-sessions')
    await dial(served.base, drawSession().hello([], { token: 'bob' })).frames.kind('welcome')
    const { status } = await post(`${served.base}/sse`, drawSession().hello([], { token: 'cy' }))
    expect(status).toBe(503)
  })

  test('no hello in time', async () => {
    await begin({ handshakeMs: 30 })
    const { closed } = dial(served.base, '', { protocols: ['holdfast.1'] })
    expect(await closed).toEqual({ code: 4006, reason: 'handshake-timeout' })
  })

  test('an authenticate that never answers', async () => {
    await begin({ handshakeMs: 30, authenticate: () => new Promise(() => {}) })
    await refusedEverywhere(() => drawSession().hello(), 'handshake-timeout')
  })
})

describe('a link ends, and no other', () => {
  const cases: [string, string | Buffer, Code][] = [
    ['no JSON', 'hello', 'malformed'],
    ['an unknown kind', '["shout",1]', 'malformed'],
    ['a binary message', Buffer.from('x'), 'malformed'],
    ['a second hello', drawSession().hello(), 'malformed'],
    ['number 0', '["publish",0,"a",1]', 'malformed'],
    ['an empty message', '', 'malformed'],
    ['a jump', '["publish",2,"a",1]', 'jump'],
    ['a batch over the limit', `["publish",1,"a","${'x'.repeat(wireLimits.batchBytes)}"]`, 'too-large'],
  ]
  test.each(cases)('at %s', async (_, message, code) => {
    await begin()
    const other = dial(served.base, drawSession().hello([['a', 'live']]))
    await other.frames.kind('subscribed')
    const { socket, frames, closed } = dial(served.base, drawSession().hello())
    await frames.kind('welcome')
    socket.send(message)
    expect(await closed).toEqual({ code: closeCodes[code].close, reason: code })
    await served.hub.topic('a').publish('still here')
    expect((await other.frames.kind('entry'))[4]).toBe('still here')
    expect(refusals(code)).toBe(1)
  })

  test('what came before the malformed frame of a POST was dealt with', async () => {
    await begin()
    const { hello, line } = drawSession()
    const stream = await openSse(served.base, hello())
    await stream.frames.kind('welcome')
    const { status, frames } = await post(
      `${served.base}/send`,
      `${line()}\n["publish",1,"a",1]\nnonsense\n["publish",2,"a",1]`,
    )
    expect(status).toBe(400)
    expect(frames).toEqual([
      ['receipt', 1, expect.any(String)],
      ['close', 4303, 'malformed', expect.any(String)],
    ])
    await stream.frames.kind('close')
    await stream.closed
  })

  test('a POST: unknown session, wrong secret, closed session, too large', async () => {
    await begin()
    const { hello, line } = drawSession()
    const send = (body: string) => post(`${served.base}/send`, body)
    expect((await send(line())).frames[0]!.slice(0, 3)).toEqual(['close', 4050, 'session-lost'])
    await post(`${served.base}/poll`, hello())
    expect((await send(line())).frames).toEqual([['heartbeat']])
    expect((await send(line().replace(/x{22}/, 'y'.repeat(22)))).frames[0]!.slice(0, 3)).toEqual([
      'close',
      4302,
      'wrong-secret',
    ])
    const large = await send(`${line()}\n["publish",1,"a","${'x'.repeat(wireLimits.batchBytes)}"]`)
    expect([large.status, large.frames[0]!.slice(0, 3)]).toEqual([413, ['close', 4304, 'too-large']])
    expect((await send('["ping",1]')).frames[0]!.slice(0, 3)).toEqual(['close', 4303, 'malformed'])
    expect((await send(`${line()}\n["publish",1,"a",1]\n["bye"]`)).frames).toEqual([['receipt', 1, expect.any(String)]])
    expect((await send(line())).frames[0]!.slice(0, 3)).toEqual(['close', 4052, 'session-closed'])
    expect((await post(`${served.base}/sse`, hello([], { mode: 'resume' }))).frames[0]!.slice(0, 3)).toEqual([
      'close',
      4052,
      'session-closed',
    ])
    expect(served.hub.stats().refusals).toMatchObject({
      'session-lost': 1,
      'wrong-secret': 1,
      'too-large': 1,
      'session-closed': 2,
    })
  })
})

test('single publishes and requests are rejected, and the link goes on', async () => {
  const failing = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) =>
        value === 'good' ? { value: 'better' } : { issues: [{ message: 'no good', path: ['x'] }] },
    },
  }
  await begin({
    authorize: ({ topic, user }) => {
      if (topic === 'throws') throw new Error('oops')
      return topic !== 'secret' && user === null
    },
    limits: { topics: 3 },
  })
  served.hub.topics('checked', { schema: failing })
  served.hub.handle('fails', () => {
    throw new Error('internal words')
  })
  served.hub.handle('says', () => {
    throw new HoldfastError('sold-out', 'come again')
  })
  const { frames, send } = dial(
    served.base,
    drawSession().hello([
      ['$inbox', 'start'],
      ['secret', 'live'],
      ['$x', 'live'],
      ['checked', 'live'],
    ]),
  )
  await frames.kind('refused', 2)
  expect(
    frames
      .of('refused')
      .map(([, topic, code]) => [topic, code])
      .sort(),
  ).toEqual([
    ['$x', 'bad-topic'],
    ['secret', 'forbidden'],
  ])
  send(
    ['publish', 1, 'secret', 1],
    ['publish', 2, '$x', 1],
    ['publish', 3, 'a', 'x'.repeat(wireLimits.messageBytes)],
    ['publish', 4, 'a', '***', 'base64'],
    ['publish', 5, 'throws', 1],
    ['publish', 6, 'checked', 'bad'],
    ['publish', 7, 'checked', 'good'],
    ['request', 8, 'nothing', 1],
    ['request', 9, 'fails', 1],
    ['request', 10, 'says', 1],
    ['publish', 11, 'a', 1],
    ['publish', 12, 'b', 1],
    ['publish', 13, 'c', 1],
    ['skip', 14],
    ['read', 1, 'secret', 'start', 9],
    ['read', 2, 'never', 'start', 9],
    ['ping', 1],
  )
  await frames.kind('unread', 2)
  expect(frames.of('reject').map(([, n, code]) => [n, code])).toEqual([
    [1, 'forbidden'],
    [2, 'bad-topic'],
    [3, 'too-large'],
    [4, 'bad-payload'],
    [5, 'forbidden'],
    [6, 'bad-data'],
    [8, 'unknown-request'],
    [13, 'topic-limit'],
    [14, 'too-large'],
  ])
  expect(frames.of('receipt').map(([, n]) => n)).toEqual([7, 9, 10, 11, 12])
  await frames.until((frame) => frame[0] === 'entry' && frame[1] === '$inbox', 2)
  const inbox = frames.of('entry').filter(([, topic]) => topic === '$inbox')
  expect(inbox.map(([, , , , data, id]) => [id, data])).toEqual([
    ['error.9', ['handler-failed', 'the handler failed']],
    ['error.10', ['sold-out', 'come again']],
  ])
  expect(frames.of('entry').find(([, topic]) => topic === 'checked')![4]).toBe('better')
  expect(frames.of('unread').map(([, id, code]) => [id, code])).toEqual([
    [1, 'forbidden'],
    [2, 'bad-cursor'],
  ])
  await frames.kind('pong')
  expect(errors.map(({ code }) => code)).toEqual(['hook-failed', 'handler-failed'])
  expect(refusals('bad-payload')).toBe(1)
})

test('a topic address answers with a status and a code', async () => {
  await begin({ authorize: ({ topic }) => topic !== 'secret' })
  const json = { 'content-type': 'application/json' }
  const say = async (path: string, init: RequestInit) => {
    const response = await fetch(`${served.base}/topics/${path}`, init)
    return [response.status, ((await response.json()) as { code: string }).code]
  }
  expect(await say('secret', {})).toEqual([403, 'forbidden'])
  expect(await say('a?from=yesterday', {})).toEqual([400, 'bad-cursor'])
  expect(await say('%zz', {})).toEqual([400, 'bad-topic'])
  expect(await say('%24inbox', {})).toEqual([400, 'bad-topic'])
  expect(await say('a', { method: 'POST', body: '1' })).toEqual([400, 'bad-payload'])
  expect(await say('a', { method: 'POST', body: '{', headers: json })).toEqual([400, 'bad-payload'])
  expect(await say('secret', { method: 'POST', body: '1', headers: json })).toEqual([403, 'forbidden'])
  expect((await fetch(`${served.base}/elsewhere`)).status).toBe(404)
})

test('listed origins get the headers that they need, others on the same host too', async () => {
  await begin({ origins: ['https://app.example'] })
  const { headers, status } = await post(`${served.base}/poll`, drawSession().hello(), {
    origin: 'https://app.example',
  })
  expect(status).toBe(200)
  expect(headers.get('access-control-allow-origin')).toBe('https://app.example')
  expect(headers.get('access-control-allow-credentials')).toBe('true')
  expect(headers.get('vary')).toBe('Origin')
  const same = await post(`${served.base}/poll`, drawSession().hello(), { origin: new URL(served.base).origin })
  expect(same.status).toBe(200)
  const stream = await openStream(`${served.base}/topics/a`, { headers: { origin: 'https://app.example' } })
  expect(stream.response.headers.get('access-control-allow-origin')).toBe('https://app.example')
  stream.close()
})

test('beside another upgrade listener a foreign path is left alone', async () => {
  let foreign = 0
  await begin({}, (_, server) => {
    server.on('upgrade', ({ url }, socket) => {
      if (url !== '/vite') return
      foreign++
      socket.end('HTTP/1.1 418 Teapot\r\n\r\n')
    })
  })
  const { port } = new URL(served.base)
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.write('GET /vite HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.once('data', (data) => resolve(data.toString()))
  })
  expect(answer).toContain('418')
  expect(foreign).toBe(1)
})
