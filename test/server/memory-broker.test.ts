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

test('of two logs the one that was written to again stays, and one that is removed counts no more', () => {
  const { clock } = createFakeClock()
  const broker = memoryBroker({ clock, bytes: 5_000 })
  const options = { count: 1e6, bytes: 1e9, ageMs: 1e9, compact: false, idleMs: 1e9 }
  const log = (topic: string) => broker.log(topic, options)
  const write = (topic: string) => log(topic).append({ time: clock.now(), data: `"${'x'.repeat(1_000)}"` })
  const kept = (topic: string) => {
    const page = log(topic).read(0, { maxEntries: 99, maxBytes: 1e9 })
    return page && 'entries' in page ? page.entries.length : null
  }
  for (const topic of ['a', 'b', 'c', 'a', 'd', 'e']) void write(topic)
  expect(['a', 'b', 'c', 'd', 'e'].map(kept)).toEqual([2, 0, 0, 1, 1])
  // Removed by somebody who hears of the entry.
  for (let n = 0; n < 9; n++) {
    void log('f').tail(() => void log('f').remove())
    void write('f')
  }
  expect(['a', 'd', 'e'].map(kept)).toEqual([2, 1, 1])
  for (const topic of ['a', 'd', 'e']) void log(topic).remove()
  for (const topic of ['g', 'g', 'g', 'g']) void write(topic)
  expect(kept('g')).toBe(4)
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

test('one listener may tail and listen twice, and who stops takes off one of both', () => {
  const broker = memoryBroker()
  const options = { count: 9, bytes: 1e9, ageMs: 1e9, compact: false, idleMs: 1e9 }
  const log = broker.log('a', options)
  const heard: unknown[] = []
  const hear = (what: unknown) => heard.push(what)
  const stops = [log.tail(hear), log.tail(hear), broker.listen('c', hear), broker.listen('c', hear)] as (() => void)[]
  const tell = () => {
    heard.length = 0
    void log.append({ time: 0, data: '1' })
    void broker.send('c', 'word')
    return heard.length
  }
  expect(tell()).toBe(4)
  // To stop twice takes off no other.
  for (const stop of [stops[0], stops[0], stops[2], stops[2]]) stop?.()
  expect(tell()).toBe(2)
  for (const stop of stops) stop()
  expect(tell()).toBe(0)
})

test('who stops while an entry is told is told no more, and hears nothing of what is appended then', () => {
  const broker = memoryBroker()
  const log = broker.log('a', { count: 9, bytes: 1e9, ageMs: 1e9, compact: false, idleMs: 1e9 })
  const heard: string[] = []
  const stops: (() => void)[] = []
  const tail = (name: string, then = () => {}) =>
    stops.push(
      log.tail(({ data }) => {
        heard.push(`${name} ${data}`)
        then()
      }) as () => void,
    )
  tail('first', () => {
    if (heard.length > 1) return
    stops[1]?.()
    void log.append({ time: 0, data: '2' })
  })
  tail('second')
  tail('third')
  void log.append({ time: 0, data: '1' })
  expect(heard).toEqual(['first 1', 'third 1', 'first 2', 'third 2'])
})
