import { expect, test } from 'vitest'
import { brokerContract } from '../../../test/contract/broker.ts'
import { createFakeClock } from '../../../test/server/clock.ts'
import { memoryBroker } from './memory-broker.ts'

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
  for (let n = 0; n < 5; n++) write('old')
  for (let n = 0; n < 8; n++) write('new')
  const read = (topic: string) => broker.log(topic, options).read(0, { maxEntries: 99, maxBytes: 1e9 })
  expect(read('old')).toMatchObject({ head: 5, floor: 4 })
  expect(read('new')).toMatchObject({ head: 8, floor: 0 })
})
