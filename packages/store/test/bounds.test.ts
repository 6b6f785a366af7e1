import { topicStore } from '@holdfast/store'
import { expect, test } from 'vitest'
import { createHandTopic } from './hand-topic.ts'

const sum = { initial: 0, message: (state: number, n: number) => state + n }

test('what was accepted and is never heard is let go of, the oldest first; what is not sent yet stays', async () => {
  const topic = createHandTopic<number>()
  const store = topicStore<number, number>(topic, sum)
  store.stop()
  void store.publish(0)
  for (let n = 1; n <= 2_010; n++) void store.publish(n)
  for (const [n, { done }] of topic.published.entries()) if (n > 0) done(n)
  await Promise.resolve()
  await Promise.resolve()
  const { pending } = store.get().context
  expect(pending.map(({ data }) => data)).toEqual([0, ...Array.from({ length: 2_000 }, (_, i) => i + 11)])
})
