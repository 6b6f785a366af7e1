import type { Clock } from '../clock.ts'

/** Runs what was marked, once each, when the turn is over: what is written to one socket within a turn leaves together. */
export interface Flusher {
  mark(flush: () => void): void
}

export function createFlusher(clock: Clock): Flusher {
  let marked = new Set<() => void>()

  const run = () => {
    const flushes = marked
    marked = new Set()
    for (const flush of flushes) flush()
  }

  return {
    mark(flush) {
      if (marked.size === 0) (clock.defer ?? queueMicrotask)(run)
      marked.add(flush)
    },
  }
}
