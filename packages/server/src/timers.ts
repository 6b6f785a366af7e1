import type { Clock } from './clock.ts'

/** The hub's timers, all of which end with it. */
export interface Timers {
  /** Runs it once, unless the answer is called before. */
  after(ms: number, run: () => void): () => void
  /** Resolves after so long, at once when the hub closes. */
  pause(ms: number): Promise<void>
  close(): void
}

export function createTimers(clock: Clock): Timers {
  const pending = new Map<unknown, (() => void) | null>()
  let closed = false

  const start = (ms: number, run: () => void, atClose: (() => void) | null): unknown => {
    const timer = clock.setTimeout(() => {
      pending.delete(timer)
      run()
    }, ms)
    pending.set(timer, atClose)
    return timer
  }

  return {
    after(ms, run) {
      if (closed) return () => {}
      const timer = start(ms, run, null)
      return () => {
        pending.delete(timer)
        clock.clearTimeout(timer)
      }
    },
    pause: (ms) => new Promise((resolve) => (closed ? resolve() : start(ms, resolve, resolve))),
    close() {
      closed = true
      const left = [...pending]
      pending.clear()
      for (const [timer, atClose] of left) {
        clock.clearTimeout(timer)
        atClose?.()
      }
    },
  }
}
