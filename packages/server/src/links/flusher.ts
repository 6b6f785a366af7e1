import type { Clock } from '../clock.ts'
import { Batch, type Line } from '../topics/wire.ts'

/** Gathers lines for one far side. */
export interface Flushable {
  flush(now: number): void
}

/** Runs what was marked, once each, when the turn is over: what is written to one socket within a turn leaves together. */
export interface Flusher {
  mark(flushable: Flushable): void
  /** The batch of this turn that begins with the line. Whoever begins one is to be marked. */
  begin(line: Line): Batch
}

export function createFlusher(clock: Clock, uptime: () => number): Flusher {
  let marked: Flushable[] = []
  let begun: Line[] = []

  const run = () => {
    const flushables = marked
    const lines = begun
    marked = []
    begun = []
    const now = uptime()
    for (const flushable of flushables) flushable.flush(now)
    for (const line of lines) line.batch = null
  }

  return {
    mark(flushable) {
      if (marked.length === 0) (clock.defer ?? queueMicrotask)(run)
      marked.push(flushable)
    },
    begin(line) {
      if (!line.batch) {
        line.batch = new Batch(null, line)
        begun.push(line)
      }
      return line.batch
    },
  }
}
