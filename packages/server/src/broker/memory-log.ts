import type { Draft, Entry, LogOptions, LogPage, LogState } from './broker.ts'
import { Recent } from './recency.ts'

/** One bounded log in memory. A class of few fields, for there is one for each topic and for the inbox of each session. */
export class MemoryLog extends Recent {
  readonly epoch: string
  options: LogOptions
  /** Of what it keeps. */
  bytes = 0
  /** What of `bytes` the broker's total contains. */
  counted = 0
  usedAt = 0
  /** Its broker no longer has it. */
  gone = false
  /** Offset of the newest entry ever appended. */
  head = 0
  #floor = 0
  // Sorted by offset. Superseded entries stay in it until half of it is superseded; `newest` says which are alive.
  #entries: (Entry | undefined)[] = []
  #first = 0
  #alive = 0
  #newest: Map<string, Entry> | null = null
  /** Replaced when it changes, so that telling needs no copy. */
  #tails: readonly Tail[] = none
  #tells = false
  /** What was appended while an entry is told: it is told after this one has reached everyone. */
  #untold: Entry[] | null = null

  constructor(epoch: string, options: LogOptions) {
    super()
    this.epoch = epoch
    this.options = options
  }

  get isTailed(): boolean {
    return this.#tails.length > 0
  }

  append({ time, data, encoding, id, key, user }: Draft): void {
    // Each has every property, so that all are of one shape.
    const entry: Entry = { epoch: this.epoch, offset: ++this.head, time, data, encoding, id, key, user }
    if (this.options.compact) this.supersede(entry)
    this.#entries.push(entry)
    this.#alive++
    this.bytes += sizeOf(entry)
    this.bound()
    this.tell(entry)
  }

  /** Every entry from now on, until what it answers is called. `now` is asked then. */
  tail(listener: (entry: Entry) => void, now: () => number): () => void {
    const tail = { listener }
    this.#tails = [...this.#tails, tail]
    return () => {
      this.#tails = this.#tails.filter((each) => each !== tail)
      this.usedAt = now()
    }
  }

  state(last: number, now: number): LogState {
    this.expire(now)
    return { epoch: this.epoch, head: this.head, floor: this.#floor, before: last > 0 ? this.before(last) : this.head }
  }

  read(after: number, { maxEntries, maxBytes }: { maxEntries: number; maxBytes: number }, now: number): LogPage {
    this.expire(now)
    const all = this.#entries
    const entries: Entry[] = []
    let size = 0
    for (let i = this.indexAfter(Math.max(after, this.#floor)); i < all.length && entries.length < maxEntries; i++) {
      const entry = all[i] as Entry
      if (!this.isAlive(entry)) continue
      size += sizeOf(entry)
      if (entries.length > 0 && size > maxBytes) break
      entries.push(entry)
    }
    return { epoch: this.epoch, head: this.head, floor: this.#floor, entries }
  }

  trim(offset: number): void {
    for (let oldest = this.oldest(); oldest && oldest.offset <= offset; oldest = this.oldest()) this.drop(oldest)
    this.#floor = Math.max(this.#floor, Math.min(offset, this.head))
    this.tidy()
  }

  /** Drops what is beyond the limits; true if nothing is left. */
  expire(now: number): boolean {
    this.bound()
    this.skipDead()
    const since = now - this.options.ageMs
    for (let oldest = this.oldest(); oldest && oldest.time < since; oldest = this.oldest()) this.shed()
    this.tidy()
    return this.#alive === 0
  }

  /** Drops the oldest entry; false if there is none. */
  shed(): boolean {
    this.skipDead()
    const oldest = this.oldest()
    if (!oldest) return false
    this.drop(oldest)
    this.#floor = oldest.offset
    this.skipDead()
    return true
  }

  /** By count and bytes. Age is looked at by who reads, and by the sweep: an append touches nothing that is old. */
  private bound(): void {
    const { count, bytes } = this.options
    while ((this.#alive > count || this.bytes > bytes) && this.shed());
    this.tidy()
  }

  private tell(entry: Entry): void {
    if (this.#tells) {
      this.#untold ??= []
      this.#untold.push(entry)
      return
    }
    if (this.#tails.length === 0) return
    this.#tells = true
    for (let next: Entry | undefined = entry; next; next = this.#untold?.shift()) {
      // One that stops while others are told is told no more.
      for (const tail of this.#tails) if (this.#tails.includes(tail)) tail.listener(next)
    }
    this.#untold = null
    this.#tells = false
  }

  private supersede(entry: Entry): void {
    this.#newest ??= new Map()
    const key = entry.key ?? ''
    const old = this.#newest.get(key)
    if (old) {
      this.#alive--
      this.bytes -= sizeOf(old)
    }
    this.#newest.set(key, entry)
  }

  private isAlive(entry: Entry): boolean {
    return !this.options.compact || this.#newest?.get(entry.key ?? '') === entry
  }

  private oldest(): Entry | undefined {
    return this.#entries[this.#first]
  }

  private drop(oldest: Entry): void {
    this.#entries[this.#first++] = undefined
    if (!this.isAlive(oldest)) return
    this.#alive--
    this.bytes -= sizeOf(oldest)
    if (this.options.compact) this.#newest?.delete(oldest.key ?? '')
  }

  private skipDead(): void {
    for (let oldest = this.oldest(); oldest && !this.isAlive(oldest); oldest = this.oldest()) this.drop(oldest)
  }

  private tidy(): void {
    const { length } = this.#entries
    if (length < 32 || length < 2 * this.#alive) return
    this.#entries = this.#entries.slice(this.#first).filter((entry) => entry && this.isAlive(entry))
    this.#first = 0
  }

  private indexAfter(offset: number): number {
    let low = this.#first
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle] as Entry).offset <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  private before(last: number): number {
    let left = last
    for (let i = this.#entries.length - 1; i >= this.#first; i--) {
      const entry = this.#entries[i] as Entry
      if (this.isAlive(entry) && --left === 0) return entry.offset - 1
    }
    return this.#floor
  }
}

/** An object, for one listener may tail twice. */
interface Tail {
  readonly listener: (entry: Entry) => void
}

const none: readonly Tail[] = []

// What an entry's object costs beside its text.
const overhead = 96

const sizeOf = (entry: Entry): number => entry.data.length + overhead
