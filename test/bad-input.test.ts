import { connect } from 'node:net'
import { closeCodes, type HoldfastError } from '@holdfast/protocol'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dial, drawSession, openSse, post, type Served, serve } from './server/support.ts'

let served: Served
let errors: HoldfastError[]
let witness: ReturnType<typeof dial>

beforeEach(async () => {
  errors = []
  served = await serve({ authenticate: ({ token }) => token ?? 'nobody', limits: { sessionsPerUser: 1_000 } })
  served.hub.errors$.subscribe((error) => errors.push(error))
  witness = dial(served.base, drawSession().hello([['a', 'live']]))
  await witness.frames.kind('subscribed')
})
afterEach(async () => {
  // Whatever came in, the other session is well, and nothing of the hub's own has failed.
  await served.hub.topic('a').publish('still here')
  expect((await witness.frames.kind('entry'))[4]).toBe('still here')
  expect(errors).toEqual([])
  witness.socket.terminate()
  await served.close()
})

const refusals = (code: string) => served.hub.stats().refusals[code] ?? 0

/** Lines that are nearly frames: each valid one with one element exchanged, dropped or cut off in the middle. */
const valid = [
  '["subscribe",1,"prices","live"]',
  '["publish",1,"chat",{"text":"hello"}]',
  '["publish",1,"pictures","AQID","base64"]',
  '["request",1,"rename",{"name":"Ada"}]',
  '["read",1,"chat","start",41]',
  '["ack",[["prices","k3f9.57"],["$inbox","i1.8"]]]',
  '["ping",1]',
  '["skip",1]',
  '["unsubscribe",1,"chat"]',
  '["poll",[["prices","live"]]]',
  '["session","s","x",1]',
  '["hello",1,{}]',
]
const nearly = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.json(),
  fc.tuple(fc.constantFrom(...valid), fc.nat(40)).map(([line, end]) => line.slice(0, end)),
  fc
    .tuple(fc.constantFrom(...valid), fc.nat(3), fc.jsonValue({ maxDepth: 1 }))
    .map(([line, at, value]) => JSON.stringify(exchanged(line, at, value))),
)

function exchanged(line: string, at: number, value: unknown): unknown[] {
  const frame = JSON.parse(line) as unknown[]
  frame[at] = value
  return frame
}

const closeOf = (frames: readonly unknown[][]) => frames.filter(([kind]) => kind === 'close')

/** A close frame, if there is one, has its number, its documented HTTP status, and was counted. */
function expectDocumented(status: number, frames: readonly unknown[][], before: (code: string) => number): void {
  const [close] = closeOf(frames)
  if (!close) return expect(status).toBe(200)
  const [, number, code] = close as [string, number, keyof typeof closeCodes]
  expect([number, status]).toEqual([closeCodes[code].close, closeCodes[code].status])
  expect(code).not.toBe('internal-error')
  expect(refusals(code)).toBe(before(code) + 1)
}

describe('whatever comes in, the answer is a documented one, and counted:', () => {
  test.each(['sse', 'poll'])('as a hello to %s', async (path) => {
    await fc.assert(
      fc.asyncProperty(nearly, async (body) => {
        const before = { ...served.hub.stats().refusals }
        const { status, frames } = await post(`${served.base}/${path}`, body)
        expect(closeOf(frames)).toHaveLength(1)
        expectDocumented(status, frames, (code) => before[code] ?? 0)
      }),
      { numRuns: 150 },
    )
  })

  test('after the session line of a POST', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(nearly, { minLength: 1, maxLength: 3 }), async (lines) => {
        const { hello, line } = drawSession()
        await post(`${served.base}/poll`, hello())
        const before = { ...served.hub.stats().refusals }
        const { status, frames } = await post(`${served.base}/send`, [line(), ...lines].join('\n'))
        expectDocumented(status, frames, (code) => before[code] ?? 0)
      }),
      { numRuns: 150 },
    )
  })

  test('on a WebSocket', async () => {
    await fc.assert(
      fc.asyncProperty(nearly, async (message) => {
        const { socket, frames, closed } = dial(served.base, drawSession().hello())
        await frames.kind('welcome')
        socket.send(message)
        socket.send('["ping",99]')
        const ended = await Promise.race([closed, frames.until(([kind, id]) => kind === 'pong' && id === 99)])
        if ('reason' in ended) {
          const code = ended.reason.split(' ')[0] as keyof typeof closeCodes
          expect(ended.code).toBe(closeCodes[code].close)
          expect(['malformed', 'jump', 'session-closed']).toContain(code)
        }
        socket.terminate()
      }),
      { numRuns: 100 },
    )
  })

  test('as an address, a start or a Last-Event-ID', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }).map(encodeURIComponent)
    await fc.assert(
      fc.asyncProperty(name, fc.string({ unit: 'grapheme-ascii', maxLength: 10 }), async (topic, from) => {
        const stop = new AbortController()
        const url = `${served.base}/topics/${topic}?from=${encodeURIComponent(from)}x`
        const response = await fetch(url, { signal: stop.signal })
        expect([400, 404]).toContain(response.status)
        stop.abort()
      }),
      { numRuns: 60 },
    )
  })
})

describe('a POST', () => {
  test('that is cut off in its body changes nothing', async () => {
    const { hello, line } = drawSession()
    await post(`${served.base}/poll`, hello())
    const { port, pathname } = new URL(served.base)
    const body = `${line()}\n["publish",1,"a","never"]`
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('close', () => resolve())
      socket.on('error', () => {})
      const head = `POST ${pathname}/send HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`
      socket.write(head + body.slice(0, -1), () => socket.resetAndDestroy())
    })
    const { frames } = await post(`${served.base}/send`, `${line()}\n["skip",1]`)
    expect(frames).toEqual([['reject', 1, 'too-large', expect.any(String)]])
  })

  test('for a session that is over ends as its stream did', async () => {
    const { hello, line } = drawSession()
    const stream = await openSse(served.base, hello([], { token: 'eve' }))
    await stream.frames.kind('welcome')
    await served.hub.disconnect('eve')
    expect((await stream.frames.kind('close'))[2]).toBe('disconnected')
    const { status, frames } = await post(`${served.base}/send`, `${line()}\n["publish",1,"a",1]`)
    expect([status, frames]).toEqual([403, [['close', 4305, 'disconnected', expect.any(String)]]])
  })

  test('with frames that do not stand there', async () => {
    const { hello, line } = drawSession()
    await post(`${served.base}/poll`, hello())
    for (const frame of [hello(), line(), '["poll",[]]']) {
      const { status, frames } = await post(`${served.base}/send`, `${line()}\n${frame}`)
      expect([status, frames[0]?.slice(0, 3)]).toEqual([400, ['close', 4303, 'malformed']])
    }
    const { status } = await post(`${served.base}/poll`, `${line()}\n["ping",1]`)
    expect([status, refusals('malformed')]).toEqual([400, 4])
  })
})

test('a start that never was is a gap or a refusal', async () => {
  const { epoch } = await served.hub.topic('b').publish(1)
  const begin = async (from: string) => {
    const { socket, frames } = dial(served.base, drawSession().hello([['b', from as 'live']]))
    const [first] = [await frames.until(([kind]) => kind === 'subscribed' || kind === 'refused' || kind === 'close')]
    if (first[0] === 'subscribed') await frames.kind('entry')
    socket.terminate()
    return frames.all
      .slice(1)
      .map(([kind, , ...rest]) => [kind, kind === 'refused' ? rest[0] : kind === 'gap' && rest[2]])
  }
  expect(await begin('zzz.9007199254740991')).toEqual([
    ['subscribed', false],
    ['gap', 'epoch'],
    ['entry', false],
  ])
  expect(await begin(`${epoch}.2`)).toEqual([['refused', 'bad-cursor']])
  expect(await begin('last-999999999')).toEqual([
    ['subscribed', false],
    ['entry', false],
  ])
})
