import type { Clock } from '@holdfast/server'

/** A clock that stands until it is moved. */
export function createFakeClock(start = Date.now()) {
  let now = start
  let next = 1
  const timers = new Map<number, { at: number; run: () => void }>()
  const clock: Clock = {
    now: () => now,
    setTimeout(run, ms) {
      timers.set(next, { at: now + ms, run })
      return next++
    },
    clearTimeout: (timer) => void timers.delete(timer as number),
  }
  return {
    clock,
    get timers() {
      return timers.size
    },
    /** Moves on, running what is due in its order; promises get their turn between. */
    async pass(ms: number) {
      const end = now + ms
      for (;;) {
        await settled()
        const due = [...timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0]
        if (!due) break
        timers.delete(due[0])
        now = Math.max(now, due[1].at)
        due[1].run()
      }
      now = end
      await settled()
    },
  }
}

/** Lets everything that waits for promises alone go on. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
