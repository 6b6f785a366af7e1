import type { PresenceChange } from '@holdfast/protocol'
import { connectionStore, presenceStore, topicStore } from '@holdfast/store'
import { createAtom } from '@xstate/store'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createHandTopic } from './hand-topic.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const sum = { initial: 0, message: (state: number, n: number) => state + n, everyMs: 0 }

test('a subscriber that publishes while it is told is told of that too, and so are the others', () => {
  const topic = createHandTopic<number>()
  const store = topicStore<number, number>(topic, { ...sum, optimistic: true })
  const [first, second]: number[][] = [[], []]
  store.subscribe(({ context }) => {
    first?.push(context.data)
    if (context.data === 1) void store.publish(10)
  })
  store.subscribe(({ context }) => second?.push(context.data))
  topic.message(1)
  expect(first).toEqual([1, 11])
  expect(second).toEqual([11])
})

test('one that makes the connection do something is told of what comes of it, and a failure is lost in one step', () => {
  let state = { phase: 'online' }
  let tell = () => {}
  const state$ = {
    subscribe({ next }: { next?: (now: typeof state) => void }) {
      tell = () => next?.(state)
      return { unsubscribe() {} }
    },
  }
  const network = connectionStore({ state$, getState: () => state })
  const enter = (phase: string) => {
    state = { phase }
    tell()
  }
  const told: string[] = []
  network.subscribe(({ context }) => {
    told.push(`${context.phase} ${context.lost}`)
    if (context.phase === 'waiting') enter('failed')
  })
  enter('waiting')
  expect(told).toEqual(['waiting false', 'failed true'])
  enter('online')
  network.subscribe(({ context }) => context.phase === 'connecting' && enter('online'))
  enter('connecting')
  vi.advanceTimersByTime(60_000)
  expect(network.get().context).toEqual({ phase: 'online', lost: false })
})

test('who throws when somebody joins harms nobody', () => {
  const topic = createHandTopic<PresenceChange>()
  const report = vi.fn()
  const store = presenceStore(topic, { report })
  const joined: string[] = []
  store.on('joined', () => {
    throw new Error('mine')
  })
  store.on('joined', ({ member }) => joined.push(member.id))
  topic.snapshot({ v: 1, members: {} })
  topic.message({ v: 2, members: { a: { info: null, since: 1 }, b: { info: null, since: 2 } } })
  expect(joined).toEqual(['a', 'b'])
  expect(report.mock.calls).toEqual([[new Error('mine')], [new Error('mine')]])
})

test('a computed atom whose listener throws keeps nobody from being told, and no publish from being sent', async () => {
  const topic = createHandTopic<number>()
  const report = vi.fn()
  const store = topicStore<number, number>(topic, { ...sum, report })
  const waiting = createAtom(() => store.get().context.pending.length)
  waiting.subscribe(() => {
    throw new Error('mine')
  })
  const told: number[] = []
  store.subscribe(({ context }) => told.push(context.pending.length))
  const published = store.publish(1)
  topic.published[0]?.done(1)
  await expect(published).resolves.toMatchObject({ cursor: 'e.1' })
  topic.message(1)
  expect(waiting.get()).toBe(0)
  expect(told[0]).toBe(1)
  expect(told.at(-1)).toBe(0)
  expect(report).toHaveBeenCalledWith(new Error('mine'))
})
