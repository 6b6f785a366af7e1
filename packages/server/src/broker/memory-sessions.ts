import type { Clock } from '../clock.ts'
import type { SessionRegistry } from './broker.ts'
import { BrokerError } from './broker.ts'
import type { Numbers } from './numbers.ts'
import { createNumbers } from './numbers.ts'

// What waits for a hook while its session ends comes too late.
const forgotten: Numbers = { last: 0, earlier: () => ({ status: 'jump' }), settle() {} }

class Kept {
  record: string | null = null
  until: number
  /** Null until there is one: most sessions only listen. */
  numbers: Numbers | null = null

  constructor(until: number) {
    this.until = until
  }
}

export interface MemorySessions extends SessionRegistry {
  numbers(id: string, now: number): Numbers
  sweep(): void
}

/** At most so many sessions in memory. What nobody touches goes at its time, when the next sweep comes by. */
export function createMemorySessions(clock: Clock, defaultTtlMs: number, most: number): MemorySessions {
  const table = new Map<string, Kept>()

  const sweep = () => {
    const now = clock.now()
    for (const [id, kept] of table) if (kept.until <= now) table.delete(id)
  }
  const find = (id: string, now = clock.now()): Kept | undefined => {
    const kept = table.get(id)
    if (!kept || kept.until > now) return kept
    table.delete(id)
    return undefined
  }
  const keep = (id: string, now: number): Kept => {
    const found = find(id, now)
    if (found) return found
    if (table.size >= most) sweep()
    if (table.size >= most) throw new BrokerError(`${most} sessions are kept already`, { certain: true })
    const kept = new Kept(now + defaultTtlMs)
    table.set(id, kept)
    return kept
  }

  const numbersOf = (id: string, now: number): Numbers => {
    const kept = keep(id, now)
    kept.numbers ??= createNumbers()
    return kept.numbers
  }

  return {
    create(id, record, ttlMs) {
      const found = find(id)
      if (found && found.record !== null) return found.record
      const now = clock.now()
      const kept = keep(id, now)
      kept.record = record
      kept.until = now + ttlMs
      return null
    },
    get: (id) => find(id)?.record ?? null,
    replace(id, expected, record, ttlMs) {
      const kept = find(id)
      if (kept?.record !== expected) return false
      kept.record = record
      kept.until = clock.now() + ttlMs
      return true
    },
    touch(id, ttlMs) {
      const kept = find(id)
      if (!kept) return false
      kept.until = Math.max(kept.until, clock.now() + ttlMs)
      return true
    },
    received: (id) => find(id)?.numbers?.last ?? 0,
    record(id, number, answer, by) {
      const numbers = numbersOf(id, clock.now())
      const earlier = numbers.earlier(number)
      if (earlier) return earlier
      numbers.settle(answer, by)
      return { status: 'applied', answer }
    },
    forget(id) {
      const kept = find(id)
      if (kept) kept.numbers = forgotten
    },
    numbers: numbersOf,
    sweep,
  }
}
