import { type Connection, connect, type Transport } from '@holdfast/client/core'
import { HoldfastError } from '@holdfast/protocol'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readFrame } from '../../packages/client/src/frame.ts'
import { createFakeClock } from '../server/clock.ts'
import { likeNode } from './client/user.ts'

type Answer = (frame: [kind: string, n: number, ...more: unknown[]]) => string[]

const limits = { messageBytes: 1e6, batchBytes: 1e6, window: 1024 }
const welcome = (change: object = {}) =>
  JSON.stringify(['welcome', 1, { received: 0, user: 'u', heartbeatMs: 5_000, limits, ...change }])

let time: ReturnType<typeof likeNode>
let connection: Connection
let opened: number
let errors: HoldfastError[]
const uncaught: unknown[] = []
const note = (error: unknown) => void uncaught.push(error)

beforeEach(() => {
  time = likeNode(createFakeClock())
  opened = 0
  errors = []
  process.on('uncaughtException', note)
})
afterEach(async () => {
  const closed = connection?.close()
  await time.pass(2_000)
  await closed
  process.off('uncaughtException', note)
  expect(uncaught.splice(0)).toEqual([])
})

/** A connection whose server answers each frame of its links so; the last goes on for ever. */
function begin(...links: Answer[]): Connection {
  const transport: Transport = {
    name: 'mad',
    open({ hello }, events) {
      const answer = links[Math.min(opened++, links.length - 1)] as Answer
      const tell = (line: string) => {
        const told = answer(JSON.parse(line))
        if (told.length > 0) queueMicrotask(() => events.batch(told.join('\n')))
      }
      tell(hello)
      return { writable: true, send: (lines) => lines.forEach(tell), close() {} }
    },
  }
  connection = connect('http://mad.test', { transports: [transport], clock: time.clock, random: () => 0.5, page: null })
  connection.errors$.subscribe((error) => errors.push(error))
  return connection
}

const sane: Answer = ([kind, n, name, from]) => {
  if (kind === 'hello')
    return [welcome({ session: connection.session }), '["subscribed","$inbox","i.0"]', '["subscribed","a","k.2"]']
  if (kind === 'ping') return [`["pong",${n}]`]
  if (kind === 'read') return [`["page",${n},"k.0",[["k.1",1,"one"],["k.2",1,"two"]],true]`]
  if (kind === 'publish') return [`["receipt",${n},"k.9"]`]
  if (kind === 'subscribe') return [`["receipt",${n}]`, JSON.stringify(['subscribed', name, 'k.2', { from }])]
  return []
}
const instead =
  (of: string, ...answers: string[]): Answer =>
  (frame) =>
    frame[0] === of ? answers : sane(frame)

describe('a welcome that no link can live by ends the link:', () => {
  const welcomes = [
    ...['["welcome"]', '["welcome",1]', '["welcome",1,null]', '["welcome",1,{}]', welcome({ limits: null })],
    ...[welcome({ limits: {} }), welcome({ limits: { batchBytes: 0 } }), welcome({ heartbeatMs: 0 })],
    ...[welcome({ heartbeatMs: 'x' }), welcome({ heartbeatMs: -1 }), welcome({ heartbeatMs: 1e300 })],
  ]
  test.each(welcomes)('%s', async (mad) => {
    begin(instead('hello', mad), sane)
    const published = connection.topic('a').publish(1)
    await time.pass(0)
    expect(connection.getState()).toMatchObject({ phase: 'connecting', lastError: { code: 'not-holdfast' } })
    await time.pass(1_000)
    expect([connection.getState().phase, opened]).toEqual(['online', 2])
    expect(await published).toMatchObject({ cursor: 'k.9' })
  })
})

test.each(['["receipt",1]', '["receipt",1,null]', '["receipt",1,"here"]'])(
  'a publish is sent again after a receipt that names no place: %s',
  async (receipt) => {
    begin(instead('publish', receipt), sane)
    const published = connection.topic('a').publish(1)
    await time.pass(1_000)
    expect([await published, opened]).toEqual([{ cursor: 'k.9', epoch: 'k', offset: 9 }, 2])
    expect(errors.map(({ code }) => code)).toEqual(['not-holdfast'])
  },
)

test.each(['["reject",1]', '["receipt",1]\n["entry","$inbox","i.1",1,["no"],"error.1"]'])(
  'a request that is rejected without all that belongs to it has its code and its outcome: %s',
  async (answer) => {
    begin(instead('request', ...answer.split('\n')))
    const asked = connection.request('x').catch((error) => error)
    await time.pass(1_000)
    expect(await asked).toMatchObject({ code: expect.any(String), outcome: 'rejected' })
  },
)

const pages = ['["page",1]', '["page",1,"k.0",7,true]', '["page",1,"k.0",[["k.1",1,"one"],[2]],true]']
test.each([...pages, '["page",1,["k"],[],true]'])(
  'history that cannot be read is asked for again: %s',
  async (page) => {
    begin(instead('read', page), sane)
    const heard: unknown[] = []
    connection.topic('a').subscribe()
    await time.pass(0)
    connection.topic('a', { from: 'start' }).subscribe((data) => heard.push(data))
    await time.pass(1_000)
    expect([heard, opened]).toEqual([['one', 'two'], 2])
  },
)

test.each([-5, 'x', '7', 1e300, 9_999_999_999, null])(
  'a delay of %j never makes a storm of attempts',
  async (delayMs) => {
    begin(instead('hello', JSON.stringify(['close', 4004, 'later', 'busy', delayMs])))
    await time.pass(20_000)
    expect(opened).toBeLessThan(16)
    expect(connection.getState().lastError?.code).toBe('later')
  },
)

test('whatever is no array is malformed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant('["a"')), (line) => {
      try {
        expect(Array.isArray(readFrame(line))).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError)
        expect(error).toMatchObject({ code: 'malformed' })
      }
    }),
  )
})
