import { topicStore } from '@holdfast/store'
import { reset } from '@xstate/store/reset'
import { undoRedo } from '@xstate/store/undo'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createHandTopic } from './hand-topic.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const sum = { initial: 0, message: (state: number, n: number) => state + n }

test('`reset` takes the state anew, from where its topic starts', async () => {
  const topic = createHandTopic<number>()
  const store = topicStore<number, number>(topic, sum).with(reset())
  topic.message(5)
  topic.starts.length = 0
  store.trigger.reset()
  expect(topic.starts).toEqual([null])
  expect(topic.subscribers).toBe(1)
  expect(store.get().context).toMatchObject({ status: 'live', data: 0, cursor: null })
  topic.message(1)
  expect(topic.starts).toHaveLength(1)
  const loaded = topicStore<number, number>(topic, { ...sum, snapshot: () => ({ state: 40, cursor: 'e.2' }) })
  const both = loaded.with(reset())
  await vi.advanceTimersByTimeAsync(0)
  topic.message(2)
  both.trigger.reset()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(both.get().context).toMatchObject({ status: 'live', data: 40, cursor: 'e.2' })
})

test('one that has been stopped stays so', () => {
  const topic = createHandTopic<number>()
  const store = topicStore<number, number>(topic, sum).with(reset())
  topic.message(5)
  store.stop()
  store.trigger.reset()
  expect(topic.subscribers).toBe(0)
  expect(store.get().context).toMatchObject({ status: 'stale', data: 0 })
})

test('where `undo` takes back what the topic has said, it is heard again: the topic is the truth', () => {
  const topic = createHandTopic<number>()
  const store = topicStore<number, number>(topic, sum).with(undoRedo())
  topic.message(5)
  topic.message(6)
  store.trigger.undo()
  expect(store.get().context).toMatchObject({ data: 5, cursor: 'e.1' })
  expect(topic.starts.at(-1)).toBe('e.1')
})
