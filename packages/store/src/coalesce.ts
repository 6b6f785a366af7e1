import type { Observer, Readable, Subscription } from '@xstate/store'

/** Runs it a little later; answers what calls it off. */
export type Schedule = (run: () => void) => () => void

type Told<V> = Observer<V> | ((value: V) => void)

export type Coalesced = ReturnType<typeof createCoalesced>

/**
 * Tells subscribers of changes, each at most once per schedule, and only those for whom something has changed. One that
 * throws is reported, and harms nobody.
 */
export function createCoalesced(schedule: Schedule, report: (error: unknown) => void, sizeChanged: () => void) {
  const listeners = new Set<() => void>()
  let isDue = false
  let cancel = () => {}

  function tell(): void {
    isDue = false
    for (const listener of [...listeners]) {
      try {
        listener()
      } catch (error) {
        report(error)
      }
    }
  }

  return {
    get size() {
      return listeners.size
    },
    changed(): void {
      if (isDue || listeners.size === 0) return
      isDue = true
      cancel = schedule(tell)
    },
    stop(): void {
      isDue = false
      cancel()
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
          sizeChanged()
          return {
            unsubscribe() {
              if (listeners.delete(listener)) sizeChanged()
            },
          }
        },
      }
    },
  }
}

const unpaintedMs = 100

/** With the browser's next frame; where none comes (a hidden page, a server) after 100 ms. */
export const eachFrame: Schedule = (run) => {
  const { requestAnimationFrame, cancelAnimationFrame } = globalThis
  const frame = requestAnimationFrame?.(once)
  const timer = setTimeout(once, frame === undefined ? 16 : unpaintedMs)
  function stop(): void {
    clearTimeout(timer)
    if (frame !== undefined) cancelAnimationFrame(frame)
  }
  function once(): void {
    stop()
    run()
  }
  return stop
}

export const every =
  (ms: number): Schedule =>
  (run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  }

export const atOnce: Schedule = (run) => {
  run()
  return () => {}
}
