import * as zlib from 'node:zlib'
import { inboxTopic } from '@holdfast/protocol'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { drawSession, type Served, serve } from '../server/support.ts'
import { dialRaw, type RawSocket } from './raw-socket.ts'

vi.mock('node:zlib', async (original) => {
  const real = await original<typeof zlib>()
  return { ...real, deflateRawSync: vi.fn(real.deflateRawSync) }
})

let served: Served
const sockets: RawSocket[] = []
beforeEach(async () => {
  served = await serve({ onSession: (session) => void sessions.push(session) })
  served.hub.topics('prices*', { compress: true })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.end()
  sessions.length = 0
  await served.close()
})

const sessions: { send(data: unknown): unknown }[] = []
const offer = 'permessage-deflate; client_max_window_bits'

async function dial(topics: readonly string[], offered: string | null, from = 'live') {
  const list = [inboxTopic, ...topics].map(
    (topic) => [topic, topic === inboxTopic ? 'start' : from] as [string, string],
  )
  const socket = await dialRaw(served.base, drawSession().hello(list), offered)
  sockets.push(socket)
  await socket.frames.kind('subscribed', list.length)
  return socket
}

/** About 1.5 kB of JSON. */
const table = (n: number) => ({
  n,
  rows: Array.from({ length: 30 }, (_, i) => ({ symbol: `S${i}`, bid: i * 1.37 + n })),
})
const entriesOf = ({ frames }: RawSocket) => frames.of('entry').map(([, topic, , , data]) => [topic, data])
const compressed = ({ messages }: RawSocket) => messages.filter((message) => message.compressed)

describe('an entry of a topic that asks for it', () => {
  test('is compressed for who offers that, plain for others, and the same for both', async () => {
    const [one, other] = [await dial(['prices'], offer), await dial(['prices'], null)]
    expect([one.agreed, other.agreed]).toEqual([expect.stringContaining('permessage-deflate'), null])
    for (let n = 0; n < 20; n++) await served.hub.topic('prices').publish(table(n))
    await Promise.all([one, other].map(({ frames }) => frames.kind('entry', 20)))
    expect(entriesOf(one)).toEqual(Array.from({ length: 20 }, (_, n) => ['prices', table(n)]))
    expect(entriesOf(other)).toEqual(entriesOf(one))
    expect([compressed(one).length, compressed(other).length]).toEqual([20, 0])
    const size = ({ messages }: RawSocket) => messages.reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(size(one)).toBeLessThan(size(other) / 2)
  })

  test('is compressed once for a hundred subscribers, and once for all who read it from the log later', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => dial(['prices'], offer)))
    vi.mocked(zlib.deflateRawSync).mockClear()
    void served.hub.topic('prices').publish(table(1))
    void served.hub.topic('prices').publish(table(2))
    await Promise.all(all.map(({ frames }) => frames.kind('entry', 2)))
    expect(vi.mocked(zlib.deflateRawSync)).toHaveBeenCalledTimes(2)
    const late = await Promise.all(Array.from({ length: 10 }, () => dial(['prices'], offer, 'start')))
    await Promise.all(late.map(({ frames }) => frames.kind('entry', 2)))
    expect(vi.mocked(zlib.deflateRawSync).mock.calls.length).toBeLessThanOrEqual(4)
    const bytes = (socket: RawSocket) => compressed(socket).map((message) => message.bytes.toString('hex'))
    for (const socket of [...all, ...late]) expect(bytes(socket)).toEqual(bytes(all[0] as RawSocket))
    expect(bytes(late[0] as RawSocket)).toHaveLength(2)
  })

  test('stays plain where it is short', async () => {
    const one = await dial(['prices'], offer)
    for (const length of [400, 600]) await served.hub.topic('prices').publish('x'.repeat(length))
    await one.frames.kind('entry', 2)
    expect(one.messages.slice(-2).map((message) => message.compressed)).toEqual([false, true])
  })

  test.each([200, 70_000, 200_000])('of %d numbers has the right length in its frame', async (count) => {
    const one = await dial(['prices'], offer)
    const data = Array.from({ length: count }, (_, n) => (n * 7_919) % 10).join('')
    await served.hub.topic('prices').publish(data)
    await one.frames.kind('entry')
    expect(entriesOf(one)).toEqual([['prices', data]])
  })
})

test('what else goes the same way in the same turn stays plain, in its place', async () => {
  const one = await dial(['prices', 'chat'], offer)
  const before = one.messages.length
  const [prices, chat] = [served.hub.topic('prices'), served.hub.topic('chat')]
  for (let n = 0; n < 3; n++) {
    void chat.publish(table(n))
    void prices.publish(table(n))
    void sessions[0]?.send(table(n))
    void prices.publish('short')
  }
  await one.frames.kind('entry', 12)
  const came = one.messages.slice(before)
  const topicOf = (line: string) => JSON.parse(line)[1]
  expect(came.map(({ compressed, lines }) => [compressed, lines.map(topicOf)])).toEqual([
    [false, ['chat']],
    [true, ['prices']],
    [false, [inboxTopic, 'prices', 'chat']],
    [true, ['prices']],
    [false, [inboxTopic, 'prices', 'chat']],
    [true, ['prices']],
    [false, [inboxTopic, 'prices']],
  ])
})
