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
  // Small numbers take no memory of their own.
  const beganAt = clock.now()
  const now = () => clock.now() - beganAt

  const sweep = (at = now()) => {
    for (const [id, kept] of table) if (kept.until <= at) table.delete(id)
  }
  const find = (id: string, at = now()): Kept | undefined => {
    const kept = table.get(id)
    if (!kept || kept.until > at) return kept
    table.delete(id)
    return undefined
  }
  const keep = (id: string, at: number): Kept => {
    const found = find(id, at)
    if (found) return found
    if (table.size >= most) sweep(at)
    if (table.size >= most) throw new BrokerError(`${most} sessions are kept already`, { certain: true })
    const kept = new Kept(at + defaultTtlMs)
    table.set(id, kept)
    return kept
  }

  const numbersOf = (id: string, at: number): Numbers => {
    const kept = keep(id, at)
    kept.numbers ??= createNumbers()
    return kept.numbers
  }

  return {
    create(id, record, ttlMs) {
      const found = find(id)
      if (found && found.record !== null) return found.record
      const at = now()
      const kept = keep(id, at)
      kept.record = record
      kept.until = at + ttlMs
      return null
    },
    get: (id) => find(id)?.record ?? null,
    replace(id, expected, record, ttlMs) {
      const kept = find(id)
      if (kept?.record !== expected) return false
      kept.record = record
      kept.until = now() + ttlMs
      return true
    },
    touch(id, ttlMs) {
      const kept = find(id)
      if (!kept) return false
      kept.until = Math.max(kept.until, now() + ttlMs)
      return true
    },
    received: (id) => find(id)?.numbers?.last ?? 0,
    record(id, number, answer, by) {
      const numbers = numbersOf(id, now())
      const earlier = numbers.earlier(number)
      if (earlier) return earlier
      numbers.settle(answer, by)
      return { status: 'applied', answer }
    },
    forget(id) {
      const kept = find(id)
      if (kept) kept.numbers = forgotten
    },
    numbers: (id, at) => numbersOf(id, at - beganAt),
    sweep: () => sweep(),
  }
}
