import { formatCursor } from '@holdfast/protocol'
import type { Draft, Entry, LogOptions, LogPage, LogState } from './broker.ts'

/** One bounded log in memory. */
export interface MemoryLog {
  readonly epoch: string
  options: LogOptions
  readonly bytes: number
  readonly tails: Set<(entry: Entry) => void>
  usedAt: number
  /** What of `bytes` the broker's total contains. */
  counted: number
  append(draft: Draft): { cursor: string }
  state(last: number, now: number): LogState
  read(after: number, limits: { maxEntries: number; maxBytes: number }, now: number): LogPage
  trim(offset: number): void
  /** Drops what is older than the limits allow; true if nothing is left. */
  expire(now: number): boolean
  /** Drops the oldest entry; false if there is none. */
  shed(): boolean
}

export function createMemoryLog(epoch: string, options: LogOptions): MemoryLog {
  // Sorted by offset. Superseded entries stay in it until half of it is superseded; `newest` says which are alive.
  let entries: Entry[] = []
  let first = 0
  let alive = 0
  let bytes = 0
  let head = 0
  let floor = 0
  const newest = new Map<string, Entry>()
  const tails = new Set<(entry: Entry) => void>()
  const untold: Entry[] = []
  let telling = false

  const log: MemoryLog = {
    epoch,
    options,
    tails,
    usedAt: 0,
    counted: 0,
    get bytes() {
      return bytes
    },
    append(draft) {
      const entry: Entry = { ...draft, epoch, offset: ++head }
      if (log.options.compact) supersede(entry)
      entries.push(entry)
      alive++
      bytes += sizeOf(entry)
      log.expire(entry.time)
      tell(entry)
      return { cursor: formatCursor(epoch, entry.offset) }
    },
    state(last, now) {
      log.expire(now)
      return { epoch, head, floor, before: last > 0 ? before(last) : head }
    },
    read(after, { maxEntries, maxBytes }, now) {
      log.expire(now)
      const found: Entry[] = []
      let size = 0
      for (let i = indexAfter(Math.max(after, floor)); i < entries.length && found.length < maxEntries; i++) {
        const entry = entries[i] as Entry
        if (!isAlive(entry)) continue
        size += sizeOf(entry)
        if (found.length > 0 && size > maxBytes) break
        found.push(entry)
      }
      return { epoch, head, floor, entries: found }
    },
    trim(offset) {
      while (first < entries.length && (entries[first] as Entry).offset <= offset) drop()
      floor = Math.max(floor, Math.min(offset, head))
      tidy()
    },
    expire(now) {
      const { count, bytes: most, ageMs } = log.options
      skipDead()
      while (first < entries.length) {
        const oldest = entries[first] as Entry
        if (alive <= count && bytes <= most && oldest.time >= now - ageMs) break
        log.shed()
      }
      tidy()
      return alive === 0
    },
    shed() {
      skipDead()
      const oldest = entries[first]
      if (!oldest) return false
      drop()
      floor = oldest.offset
      skipDead()
      return true
    },
  }
  return log

  // A listener may append: what it appends is told after this entry has reached everyone.
  function tell(entry: Entry): void {
    untold.push(entry)
    if (telling) return
    telling = true
    for (let next = untold.shift(); next; next = untold.shift()) for (const listener of tails) listener(next)
    telling = false
  }

  function supersede(entry: Entry): void {
    const key = entry.key ?? ''
    const old = newest.get(key)
    if (old) {
      alive--
      bytes -= sizeOf(old)
    }
    newest.set(key, entry)
  }

  function isAlive(entry: Entry): boolean {
    return !log.options.compact || newest.get(entry.key ?? '') === entry
  }

  function drop(): void {
    const entry = entries[first++] as Entry
    if (!isAlive(entry)) return
    alive--
    bytes -= sizeOf(entry)
    if (log.options.compact) newest.delete(entry.key ?? '')
  }

  function skipDead(): void {
    while (first < entries.length && !isAlive(entries[first] as Entry)) first++
  }

  function tidy(): void {
    if (entries.length < 32 || entries.length < 2 * alive) return
    entries = entries.slice(first).filter(isAlive)
    first = 0
  }

  function indexAfter(offset: number): number {
    let low = first
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((entries[middle] as Entry).offset <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  function before(last: number): number {
    let left = last
    for (let i = entries.length - 1; i >= first; i--) {
      const entry = entries[i] as Entry
      if (isAlive(entry) && --left === 0) return entry.offset - 1
    }
    return floor
  }
}

// What an entry's object costs beside its text.
const overhead = 96

const sizeOf = (entry: Entry): number => entry.data.length + overhead
