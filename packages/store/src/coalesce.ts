import type { Observer, Readable, Subscription } from '@xstate/store'

/** Runs it a little later, or at once. */
export type Schedule = (run: () => void) => void

type Told<V> = Observer<V> | ((value: V) => void)

export type Coalesced = ReturnType<typeof createCoalesced>

interface CoalescedOptions {
  readonly schedule: Schedule
  readonly report: (error: unknown) => void
  /** Before subscribers are told, or would be. */
  readonly settle?: () => void
  /** Someone came or went. */
  readonly sized?: () => void
}

/**
 * Tells subscribers of changes, each at most once per schedule, and only those for whom something has changed. One that
 * throws is reported, and harms nobody.
 */
export function createCoalesced({ schedule, report, settle, sized }: CoalescedOptions) {
  const listeners = new Set<() => void>()
  let isDue = false

  function tell(): void {
    isDue = false
    settle?.()
    for (const listener of [...listeners]) guarded(listener, report)()
  }

  return {
    get size() {
      return listeners.size
    },
    changed(): void {
      if (isDue) return
      isDue = true
      schedule(tell)
    },
    /** What can be read by `get` as something that can be subscribed to. */
    readable<V>(get: () => V, isSame: (before: V, now: V) => boolean = Object.is): Readable<V> {
      return {
        get,
        subscribe(told: Told<V>): Subscription {
          const next = typeof told === 'function' ? told : (value: V) => told.next?.(value)
          let last = get()
          const listener = () => {
            if (!listeners.has(listener)) return
            const now = get()
            if (isSame(last, now)) return
            last = now
            next(now)
          }
          listeners.add(listener)
          sized?.()
          return {
            unsubscribe() {
              if (listeners.delete(listener)) sized?.()
            },
          }
        },
      }
    },
  }
}

/** What it throws is reported, and harms nobody else. */
export const guarded =
  <A extends unknown[]>(run: (...args: A) => void, report: (error: unknown) => void) =>
  (...args: A): void => {
    try {
      run(...args)
    } catch (error) {
      report(error)
    }
  }

/** Where no frames come: on a server at the rate of frames, and on a page that is hidden. */
const pausesMs = { server: 16, hidden: 100, offscreen: 1_000 }

/** With the browser's next frame, or after a while where none comes. */
export const eachFrame: Schedule = (run) => {
  const { requestAnimationFrame, cancelAnimationFrame, document } = globalThis
  if (!requestAnimationFrame) return every(pausesMs.server)(run)
  let frame = 0
  // One of an embedded page that is scrolled away gets no frames, though it is not hidden.
  const timer = setTimeout(once, document?.hidden ? pausesMs.hidden : pausesMs.offscreen)
  // Last: in tests frames are often made to come at once.
  frame = requestAnimationFrame(once)
  function once(): void {
    clearTimeout(timer)
    cancelAnimationFrame(frame)
    run()
  }
}

export const every =
  (ms: number): Schedule =>
  (run) =>
    void setTimeout(run, ms)

export const atOnce: Schedule = (run) => run()
