import type { Connection } from '@holdfast/client/core'
import type { createFakeClock } from '../../server/clock.ts'

/** What has become of a promise. */
export interface Fate {
  done: boolean
  failed?: unknown
}

export function fateOf(promise: Promise<unknown>): Fate {
  const fate: Fate = { done: false }
  promise.then(
    () => Object.assign(fate, { done: true }),
    (failed: unknown) => Object.assign(fate, { done: true, failed }),
  )
  return fate
}

/** Of requests, in ms. */
export const timeoutMs = 3_000

/** One of everything that a connection promises. */
export const promises = (connection: Connection): [string, Fate][] => [
  ['a publish', fateOf(connection.topic('prices').publish({ n: 1 }))],
  ['a publish of bytes', fateOf(connection.topic('chat').publish(new Uint8Array([1, 2, 3])))],
  ['a request', fateOf(connection.request('echo', { n: 2 }, { timeoutMs }))],
  ['a request without a handler', fateOf(connection.request('nobody', null, { timeoutMs }))],
]

/** Listeners of one topic, from several starts; `deaf` answers those that have neither ended nor heard `word`. */
export function listeners(connection: Connection, word: string) {
  const all = (['live', 'start', { last: 5 }, 'k3f9.1'] as const).map((from) => {
    const one = { from: JSON.stringify(from), over: false, heard: false }
    const over = () => void Object.assign(one, { over: true })
    connection.topic('prices', { from }).events$.subscribe({
      next: (event) => event.type === 'message' && event.data === word && Object.assign(one, { heard: true }),
      error: over,
      complete: over,
    })
    return one
  })
  return { deaf: () => all.filter(({ over, heard }) => !over && !heard).map(({ from }) => from) }
}

type FakeClock = ReturnType<typeof createFakeClock>

/** Like Node's timers, and a browser's: what is no time, or too long a time, is 1 ms. */
export function likeNode({ clock, pass }: FakeClock): Pick<FakeClock, 'clock' | 'pass'> {
  const setTimeout = (run: () => void, ms: number) => clock.setTimeout(run, ms >= 1 && ms < 2 ** 31 ? ms : 1)
  return { clock: { ...clock, setTimeout }, pass }
}
