import { memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { brokerContract } from '../contract/broker.ts'
import { createFakeClock } from './clock.ts'

brokerContract('memory broker', () => {
  const { clock, pass } = createFakeClock()
  const broker = memoryBroker({ clock })
  return { broker, pass, close: () => broker.close() }
})

test('all logs together are bounded: the one appended to longest ago gives way', () => {
  const { clock } = createFakeClock()
  const broker = memoryBroker({ clock, bytes: 10_000 })
  const options = { count: 1e6, bytes: 1e9, ageMs: 1e9, compact: false, idleMs: 1e9 }
  const write = (topic: string) =>
    broker.log(topic, options).append({ time: clock.now(), data: `"${'x'.repeat(1_000)}"` })
  for (let n = 0; n < 5; n++) void write('old')
  for (let n = 0; n < 8; n++) void write('new')
  const read = (topic: string) => broker.log(topic, options).read(0, { maxEntries: 99, maxBytes: 1e9 })
  expect(read('old')).toMatchObject({ head: 5, floor: 4 })
  expect(read('new')).toMatchObject({ head: 8, floor: 0 })
})

test('sessions and logs are bounded in their number, and what is over makes room', async () => {
  const { clock, pass } = createFakeClock()
  const broker = memoryBroker({ clock, sessions: 2, logs: 1 })
  const options = { count: 1, bytes: 1e9, ageMs: 1e9, compact: false, idleMs: 1e9 }
  for (const id of ['a', 'b']) await broker.sessions.create(id, '{}', 1_000)
  expect(() => broker.sessions.create('c', '{}', 1_000)).toThrow('2 sessions')
  await pass(1_000)
  expect(broker.sessions.create('c', '{}', 1_000)).toBeNull()
  await broker.log('a', options).append({ time: 0, data: '1' })
  expect(() => broker.log('b', options).append({ time: 0, data: '1' })).toThrow('1 logs')
})
