import { HoldfastError } from '@holdfast/protocol'
import { topicStore } from '@holdfast/store'
import { createJSONStorage, persist, rehydrateStore } from '@xstate/store/persist'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createHandTopic } from './hand-topic.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const frame = () => vi.advanceTimersByTime(16)
const sum = { initial: 0, message: (state: number, n: number) => state + n }
const create = (more: Partial<Parameters<typeof topicStore<number, number>>[1]> = {}) => {
  const topic = createHandTopic<number>()
  return { topic, store: topicStore<number, number>(topic, { ...sum, ...more }) }
}

test('a read is always current, and subscribers are told once a frame', () => {
  const { topic, store } = create()
  const told: number[] = []
  store.subscribe(({ context }) => told.push(context.data))
  topic.message(1)
  expect(store.get().context.data).toBe(1)
  topic.message(2)
  expect(store.getSnapshot().context).toMatchObject({ data: 3, cursor: 'e.2' })
  expect(told).toEqual([])
  frame()
  expect(told).toEqual([3])
  frame()
  expect(told).toEqual([3])
})

test('where frames come at once, as in many a test, so does what is told', () => {
  vi.stubGlobal('requestAnimationFrame', (draw: (time: number) => void) => {
    draw(0)
    return 1
  })
  vi.stubGlobal('cancelAnimationFrame', () => {})
  const { topic, store } = create()
  const told: number[] = []
  store.subscribe(({ context }) => told.push(context.data))
  for (const n of [1, 2]) topic.message(n)
  expect(told).toEqual([1, 3])
  expect(vi.getTimerCount()).toBe(0)
})

test('with `everyMs` they are told so often, with 0 of each change', () => {
  const [slow, fast] = [create({ everyMs: 500 }), create({ everyMs: 0 })]
  const told: number[] = []
  slow.store.subscribe(({ context }) => told.push(context.data))
  fast.store.subscribe(({ context }) => told.push(-context.data))
  for (const { topic } of [slow, fast]) for (const n of [1, 2]) topic.message(n)
  expect(told).toEqual([-1, -3])
  vi.advanceTimersByTime(500)
  expect(told).toEqual([-1, -3, 3])
})

test('`messages` has what came since the last read or frame at once', () => {
  const messages = vi.fn((state: number, batch: readonly number[]) => state + batch.length)
  const { topic, store } = create({ message: undefined, messages })
  store.subscribe(() => {})
  for (const n of [1, 2, 3]) topic.message(n)
  expect(messages).not.toHaveBeenCalled()
  expect(store.get().context.data).toBe(3)
  topic.message(4)
  frame()
  expect(messages.mock.calls.map(([, batch]) => batch)).toEqual([[1, 2, 3], [4]])
})

test('a subscriber that throws is reported, and the others are told', () => {
  const report = vi.fn()
  const { topic, store } = create({ report })
  const others = [vi.fn(), vi.fn()]
  store.subscribe(others[0] as () => void)
  store.subscribe(() => {
    throw new Error('mine')
  })
  store.select(({ data }) => data).subscribe(others[1] as () => void)
  topic.message(1)
  frame()
  expect(report).toHaveBeenCalledWith(new Error('mine'))
  for (const other of others) expect(other).toHaveBeenCalledOnce()
})

test('snapshots are stable, and an unchanged selection does not notify', () => {
  const { topic, store } = create()
  const isEven = store.select(({ data }) => data % 2 === 0)
  const big = store.select(
    ({ data }) => ({ big: data > 3 }),
    (a, b) => a.big === b.big,
  )
  const told: unknown[] = []
  isEven.subscribe((value) => told.push(value))
  big.subscribe((value) => told.push(value))
  expect(store.get()).toBe(store.get())
  const before = big.get()
  topic.message(2)
  frame()
  expect(told).toEqual([])
  expect(big.get()).toBe(before)
  topic.message(3)
  expect(isEven.get()).toBe(false)
  frame()
  expect(told).toEqual([false, { big: true }])
})

test('status says since when the data may be old, and the data stay', () => {
  const { topic, store } = create()
  topic.message(5)
  expect(store.get().context).toMatchObject({ status: 'live', staleSince: null })
  vi.setSystemTime(7_000)
  topic.live(false)
  vi.setSystemTime(9_000)
  topic.live(false)
  expect(store.get().context).toMatchObject({ status: 'stale', staleSince: 7_000, data: 5 })
  topic.live(true)
  expect(store.get().context).toMatchObject({ status: 'live', staleSince: null, data: 5 })
})

test('an optimistic change is shown at once and once, whether its entry or its receipt comes first', async () => {
  const { topic, store } = create({ optimistic: true })
  const seen: number[] = []
  store.inspect(({ snapshot }) => seen.push((snapshot as ReturnType<typeof store.get>).context.data))
  for (const n of [1, 2]) void store.publish(n)
  const [first, second] = topic.published as [(typeof topic.published)[0], (typeof topic.published)[0]]
  first.sent('me.1')
  second.sent('me.2')
  topic.message(1, 'me.1')
  first.done(1)
  second.done(2)
  await vi.advanceTimersByTimeAsync(0)
  expect(store.get().context.pending).toHaveLength(1)
  topic.message(2, 'me.2')
  expect(store.get().context).toMatchObject({ data: 3, confirmed: 3, pending: [] })
  expect(new Set(seen)).toEqual(new Set([0, 1, 3]))
})

test('one that is rejected is taken back, with the reason', async () => {
  const { topic, store } = create({ optimistic: (state, n) => state + 10 * n })
  const published = store.publish(4)
  expect(store.get().context).toMatchObject({ data: 40, confirmed: 0 })
  topic.published[0]?.failed(new HoldfastError('forbidden', 'no', { outcome: 'rejected' }))
  await expect(published).rejects.toThrow('no')
  expect(store.get().context).toMatchObject({ data: 0, pending: [], error: { code: 'forbidden', outcome: 'rejected' } })
  void store.publish(5)
  expect(store.get().context.error).toBeNull()
})

test('a gap starts over: with the snapshot, with `gap`, or with the initial state', () => {
  const shown: number[] = []
  const { topic, store } = create({ restore: (data) => (data as { sum: number }).sum })
  store.subscribe(({ context }) => shown.push(context.data))
  topic.message(5)
  frame()
  topic.gap(9, { snapshot: true })
  expect(store.get().context.data).toBe(5)
  topic.snapshot({ sum: 50 })
  frame()
  expect(store.get().context).toMatchObject({ data: 50, cursor: 'e.9' })
  topic.gap(12)
  topic.message(1)
  frame()
  expect(shown).toEqual([5, 50, 1])
  const kept = create({ gap: (state) => -state })
  kept.topic.message(5)
  kept.topic.gap(9)
  expect(kept.store.get().context.data).toBe(-5)
})

test('a function of the user’s that throws costs its message alone, and is reported', () => {
  const report = vi.fn()
  const message = (state: number, n: number) => {
    if (n === 2) throw new Error('not two')
    return state + n
  }
  const { topic, store } = create({ message, report })
  for (const n of [1, 2, 3]) topic.message(n)
  expect(store.get().context).toMatchObject({ data: 4, cursor: 'e.3' })
  expect(store.get().context.error).toMatchObject({ code: 'listener-failed', cause: new Error('not two') })
  expect(report).toHaveBeenCalledOnce()
})

test('a refusal is shown, and a later subscriber or `start` tries again', () => {
  const { topic, store } = create()
  topic.message(1)
  topic.fail(new HoldfastError('revoked', 'no more', { outcome: 'rejected' }))
  expect(store.get().context).toMatchObject({ status: 'stale', data: 1, error: { code: 'revoked' } })
  expect(topic.subscribers).toBe(0)
  store.subscribe(() => {})
  expect(topic.starts).toEqual([null, 'e.1'])
  expect(store.get().context).toMatchObject({ status: 'live', error: null })
})

test('a connection that failed and was told to try again has its stores back by itself', async () => {
  const { topic, store } = create()
  topic.message(1)
  topic.fail(new HoldfastError('disconnected', 'the hub said stop'))
  expect(store.get().context).toMatchObject({ status: 'stale', data: 1, error: { code: 'disconnected' } })
  await vi.advanceTimersByTimeAsync(1_000)
  topic.message(2)
  expect(store.get().context).toMatchObject({ status: 'live', data: 3, error: null })
  expect(topic.starts).toEqual([null, 'e.1'])
})

test('a cursor that is none of the topic’s is let go of, and the store starts over', () => {
  const { topic, store } = create({ hydrate: { state: 7, cursor: 'gone.5' } })
  topic.fail(new HoldfastError('bad-cursor', 'not come to that', { outcome: 'rejected' }))
  topic.message(1)
  expect(store.get().context).toMatchObject({ data: 1, status: 'live', error: null })
  expect(topic.starts).toEqual(['gone.5', null])
})

test('without subscribers and reads `messages` is still fed, each frame', () => {
  const messages = vi.fn((state: number, batch: readonly number[]) => state + batch.length)
  const { topic } = create({ message: undefined, messages })
  for (let n = 0; n < 25_000; n++) topic.message(n)
  expect(messages.mock.calls.map(([, batch]) => batch.length)).toEqual([10_000, 10_000])
  frame()
  expect(messages.mock.calls.map(([, batch]) => batch.length)).toEqual([10_000, 10_000, 5_000])
})

test('it rests 10 s after the last subscriber and read, and goes on from its cursor', () => {
  const { topic, store } = create()
  topic.message(1)
  vi.advanceTimersByTime(60_000)
  expect(topic.subscribers).toBe(1)
  const { unsubscribe } = store.subscribe(() => {})
  unsubscribe()
  vi.advanceTimersByTime(9_000)
  store.get()
  vi.advanceTimersByTime(10_000)
  expect(topic.subscribers).toBe(1)
  vi.advanceTimersByTime(11_000)
  expect(topic.subscribers).toBe(0)
  expect(store.get().context).toMatchObject({ data: 1, status: 'live' })
  expect(topic.starts).toEqual([null, 'e.1'])
  vi.advanceTimersByTime(21_000)
  expect(topic.subscribers).toBe(0)
  store.subscribe(() => {})
  expect(topic.subscribers).toBe(1)
  store.stop()
  expect(topic.subscribers).toBe(0)
  store.get()
  expect(topic.subscribers).toBe(0)
  frame()
  expect(vi.getTimerCount()).toBe(0)
})

test('`hydrate` goes on from its cursor without a load', () => {
  const snapshot = vi.fn()
  const { topic, store } = create({ snapshot, hydrate: { state: 7, cursor: 'e.0' } })
  expect(store.get().context.data).toBe(7)
  topic.message(1)
  expect(store.get().context.data).toBe(8)
  expect(topic.starts).toEqual(['e.0'])
  expect(snapshot).not.toHaveBeenCalled()
})

test('`persist` keeps the confirmed state and its cursor over a reload, and nothing else', () => {
  const kept = new Map<string, string>()
  const storage = createJSONStorage(() => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }))
  const before = create({ optimistic: true })
  const old = before.store.with(persist({ name: 'sum', storage }))
  expect(before.topic.subscribers).toBe(1)
  before.topic.message(3)
  void old.publish(100)
  expect(old.get().context.data).toBe(103)

  const after = create()
  const store = after.store.with(persist({ name: 'sum', storage }))
  expect(store.get().context).toMatchObject({ data: 3, pending: [], cursor: 'e.1' })
  expect(after.topic.starts.at(-1)).toBe('e.1')
  expect(after.topic.subscribers).toBe(1)
})

test('with an asynchronous storage it waits until that has answered', async () => {
  const value = JSON.stringify({ context: { confirmed: 3, cursor: 'e.1' }, version: 0 })
  const storage = { getItem: async () => value, setItem: async () => {}, removeItem: async () => {} }
  const topic = createHandTopic<number>()
  const store = topicStore<number, number>(topic, sum).with(persist({ name: 'sum', storage }))
  expect(topic.subscribers).toBe(0)
  await rehydrateStore(store)
  expect(store.get().context).toMatchObject({ data: 3, status: 'live' })
  expect(topic.starts.at(-1)).toBe('e.1')
})
