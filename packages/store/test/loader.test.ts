import { type Cursor, HoldfastError, type Receipt } from '@holdfast/protocol'
import { type StateAt, topicStore, type Watchable } from '@holdfast/store'
import { createJSONStorage, persist } from '@xstate/store/persist'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createHandTopic } from './hand-topic.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 })
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const sum = { initial: 0, message: (state: number, n: number) => state + n }
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

/** A loader that is answered by hand. */
function createLoader() {
  const waiting: { done(answer: StateAt<number>): void; failed(error: Error): void }[] = []
  const load = vi.fn((_: AbortSignal) => {
    return new Promise<StateAt<number>>((done, failed) => waiting.push({ done, failed }))
  })
  return { load, answer: (n: number) => waiting.shift()?.done({ state: n, cursor: `e.${n}` }), waiting }
}

test('a loader is asked at the start and after each gap; late answers and failures change nothing', async () => {
  const topic = createHandTopic<number>()
  const { load, answer, waiting } = createLoader()
  const store = topicStore<number, number>(topic, { ...sum, snapshot: load })
  expect(store.get().context).toMatchObject({ status: 'stale', data: 0 })
  await pass()
  waiting.shift()?.failed(new Error('down'))
  await pass(999)
  expect(load).toHaveBeenCalledTimes(1)
  expect(store.get().context.error).toMatchObject({ code: 'snapshot-failed' })
  await pass(1)
  answer(10)
  await pass()
  expect(topic.starts).toEqual(['e.10'])
  expect(store.get().context).toMatchObject({ status: 'live', data: 10, error: null })
  topic.message(1)
  topic.gap(20)
  topic.message(1)
  await pass()
  expect(store.get().context).toMatchObject({ status: 'stale', data: 11 })
  store.stop()
  expect(load.mock.calls.map(([{ aborted }]) => aborted)).toEqual([true, true, true])
  store.start()
  topic.message(1)
  topic.gap(30)
  await pass()
  answer(20)
  await pass()
  expect(store.get().context.data).toBe(12)
  answer(30)
  await pass()
  topic.message(1)
  expect(store.get().context).toMatchObject({ status: 'live', data: 31 })
  expect(topic.subscribers).toBe(1)
})

test.each([
  ['without a cursor', { state: 1 }],
  ['with a cursor that is none', { state: 1, cursor: 'live' }],
  ['with nothing', null],
])('an answer %s is a failure, and asked again after pauses that grow', async (_, answer) => {
  const snapshot = vi.fn(async () => answer as StateAt<number>)
  const topic = createHandTopic<number>()
  const store = topicStore<number, number>(topic, { ...sum, snapshot })
  await pass(10_000)
  // At 0, 1, 3 and 7 s.
  expect(snapshot).toHaveBeenCalledTimes(4)
  expect(store.get().context).toMatchObject({ status: 'stale', data: 0 })
  expect(store.get().context.error?.code).toMatch(/^(bad-cursor|snapshot-failed)$/)
  store.stop()
})

test('a state from which the hub cannot go on is not asked for without a pause, a new gap is', async () => {
  const topic = createHandTopic<number>()
  const { load, answer } = createLoader()
  const store = topicStore<number, number>(topic, { ...sum, snapshot: load })
  for (const waitMs of [0, 1_000, 2_000]) {
    await pass(waitMs)
    answer(5)
    await pass()
    topic.gap(9)
  }
  await pass(3_999)
  expect(load).toHaveBeenCalledTimes(3)
  await pass(1)
  answer(9)
  await pass()
  topic.message(1)
  topic.gap(20)
  await pass()
  expect(load).toHaveBeenCalledTimes(5)
  store.stop()
})

test('nor is one whose cursor the hub refuses', async () => {
  const refused: Watchable<never> = {
    subscribe({ error }) {
      error?.(new HoldfastError('bad-cursor', 'not come to that', { outcome: 'rejected' }))
      return { unsubscribe() {} }
    },
  }
  const snapshot = vi.fn(async () => ({ state: 1, cursor: 'e.99' }))
  const from = (_: Cursor) => ({ events$: refused })
  const store = topicStore<number, number>({ ...createHandTopic<number>(), from }, { ...sum, snapshot })
  await pass(10_000)
  expect(snapshot).toHaveBeenCalledTimes(4)
  store.stop()
})

test('once its connection has closed a store asks nobody, and leaves no timer', async () => {
  const topic = createHandTopic<number>()
  const watchers = new Set<{ complete?: () => void }>()
  const closing: Watchable<never> = {
    subscribe(watcher) {
      watchers.add(watcher)
      return { unsubscribe: () => void watchers.delete(watcher) }
    },
  }
  const close = () => [...watchers].map(({ complete }) => complete?.())
  const publish = async (): Promise<Receipt> => ({ cursor: 'e.1', offset: 1, epoch: 'e' })
  const { load, waiting } = createLoader()
  const loading = topicStore<number, number>({ ...topic, live$: closing }, { ...sum, snapshot: load })
  const following = topicStore<number, number>({ events$: closing, publish }, sum)
  following.subscribe(() => {}).unsubscribe()
  await pass()
  waiting.shift()?.failed(new Error('down'))
  await pass()
  close()
  expect(watchers.size).toBe(0)
  expect(loading.get().context.status).toBe('stale')
  expect(following.get().context.status).toBe('stale')
  vi.advanceTimersByTime(16)
  expect(vi.getTimerCount()).toBe(0)
  await pass(60_000)
  expect(load).toHaveBeenCalledTimes(1)
})

test('what `persist` has kept is gone on with, and the loader is not asked', async () => {
  const value = JSON.stringify({ context: { confirmed: 3, cursor: 'e.1' }, version: 0 })
  const storage = createJSONStorage(() => ({ getItem: () => value, setItem() {}, removeItem() {} }))
  const { load } = createLoader()
  const topic = createHandTopic<number>()
  const store = topicStore<number, number>(topic, { ...sum, snapshot: load }).with(persist({ name: 'sum', storage }))
  await pass()
  expect(load).not.toHaveBeenCalled()
  expect(topic.starts).toEqual(['e.1'])
  expect(store.get().context.data).toBe(3)
})
