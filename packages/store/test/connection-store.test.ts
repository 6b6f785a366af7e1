import { connectionStore } from '@holdfast/store'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function createConnection() {
  const listeners = new Set<{ next?: (state: State) => void; complete?: () => void }>()
  type State = { phase: string; transport: string | null }
  let state: State = { phase: 'connecting', transport: null }
  return {
    getState: () => state,
    state$: {
      subscribe(listener: { next?: (state: State) => void; complete?: () => void }) {
        listeners.add(listener)
        listener.next?.(state)
        return { unsubscribe: () => void listeners.delete(listener) }
      },
    },
    go(phase: string, transport: string | null = null) {
      state = { phase, transport }
      for (const { next, complete } of [...listeners]) {
        next?.(state)
        if (phase === 'closed') complete?.()
      }
    },
  }
}

test('a blip shows nothing, a loss of 5 s does, and both are over when it is back', () => {
  const connection = createConnection()
  const store = connectionStore(connection)
  const lost: boolean[] = []
  store.select(({ lost }) => lost).subscribe((is) => lost.push(is))
  connection.go('online', 'sse')
  expect(store.get().context).toEqual({ phase: 'online', transport: 'sse', lost: false })
  connection.go('reconnecting')
  vi.advanceTimersByTime(4_999)
  connection.go('online', 'websocket')
  vi.advanceTimersByTime(10_000)
  expect(lost).toEqual([])
  connection.go('reconnecting')
  vi.advanceTimersByTime(3_000)
  connection.go('offline')
  vi.advanceTimersByTime(1_999)
  expect(lost).toEqual([])
  vi.advanceTimersByTime(1)
  expect(lost).toEqual([true])
  connection.go('reconnecting')
  expect(store.get().context.lost).toBe(true)
  connection.go('online', 'websocket')
  expect(lost).toEqual([true, false])
})

test('a connection that failed is lost at once, and one that was closed on purpose is not', () => {
  const connection = createConnection()
  const store = connectionStore(connection, { lostAfterMs: 100 })
  connection.go('failed')
  expect(store.get().context.lost).toBe(true)
  connection.go('reconnecting')
  connection.go('closed')
  expect(store.get().context).toMatchObject({ phase: 'closed', lost: false })
  expect(vi.getTimerCount()).toBe(0)
})

test('a subscriber that throws is reported, and the others are told', () => {
  const connection = createConnection()
  const report = vi.fn()
  const store = connectionStore(connection, { report })
  const other = vi.fn()
  store.subscribe(() => {
    throw new Error('mine')
  })
  store.subscribe(other)
  connection.go('online')
  expect(report).toHaveBeenCalledOnce()
  expect(other).toHaveBeenCalledOnce()
})
