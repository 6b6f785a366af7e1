import type { Position } from '@holdfast/protocol'
import type { Wire } from '../topics/wire.ts'

/** What of one topic is on its way on a link, unacknowledged. Constant work for each entry. */
export class Flight {
  /** Bytes on their way. */
  bytes = 0
  /** Of conflated topics: the newest offset of each key that is on its way. */
  readonly #keys: Map<string, number> | null
  #marks: { readonly offset: number; readonly bytes: number }[] = []
  /** Bytes after the newest mark. */
  #since = 0
  #epoch = ''
  #newest = 0

  constructor(conflated: boolean) {
    this.#keys = conflated ? new Map() : null
  }

  /** Whether this entry has to wait: an earlier one of its key is on its way (conflated topics). */
  holds({ entry }: Wire): boolean {
    return this.#keys?.has(entry.key ?? '') ?? false
  }

  /** `markBytes`: how far marks are apart; an acknowledgement between two of them counts as the earlier one. */
  add({ entry, size }: Wire, markBytes: number): void {
    if (entry.epoch !== this.#epoch) this.#begin(entry.epoch)
    this.#newest = entry.offset
    this.bytes += size
    this.#since += size
    this.#keys?.set(entry.key ?? '', entry.offset)
    if (this.#since < markBytes) return
    this.#marks.push({ offset: this.#newest, bytes: this.#since })
    this.#since = 0
  }

  /** The client has everything up to here; answers the bytes that this frees. */
  acknowledge({ epoch, offset }: Position): number {
    if (epoch !== this.#epoch) return 0
    const before = this.bytes
    let passed = 0
    for (const mark of this.#marks) {
      if (mark.offset > offset) break
      this.bytes -= mark.bytes
      passed++
    }
    if (passed > 0) this.#marks.splice(0, passed)
    if (offset >= this.#newest) {
      this.bytes = 0
      this.#since = 0
    }
    // In the order of their offsets, for only a key that is not there is added.
    for (const [key, newest] of this.#keys ?? []) {
      if (newest > offset) break
      this.#keys?.delete(key)
    }
    return before - this.bytes
  }

  // What was on its way is still there; it is freed with what comes.
  #begin(epoch: string): void {
    this.#epoch = epoch
    this.#marks = []
    this.#since = this.bytes
    this.#keys?.clear()
  }
}
