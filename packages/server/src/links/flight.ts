import type { Position } from '@holdfast/protocol'
import type { Feed } from '../topics/feed.ts'
import type { Located } from '../topics/locate.ts'
import type { TakeSnapshot } from '../topics/snapshots.ts'
import type { Wire } from '../topics/wire.ts'
import { Reader } from './reader.ts'

interface Mark {
  readonly offset: number
  readonly bytes: number
}

/**
 * A reader that knows what of its topic is on its way, unacknowledged. Constant work for each entry, and no object beside the
 * reader: of ten thousand subscriptions each one more would be one more that no cache holds.
 */
export abstract class FlightReader extends Reader {
  /** Bytes on their way. */
  protected inFlight = 0
  /** Bytes after the newest mark. */
  #since = 0
  #newest = 0
  #epoch = ''
  /** Of conflated topics: the newest offset of each key that is on its way. */
  readonly #keys: Map<string, number> | null
  #marks: Mark[] | null = null

  constructor(feed: Feed, start: Located, takeSnapshot: TakeSnapshot | null) {
    super(feed, start, takeSnapshot)
    this.#keys = feed.declared.conflate === null ? null : new Map()
  }

  /** Whether this entry has to wait: an earlier one of its key is on its way (conflated topics). */
  protected holds({ entry }: Wire): boolean {
    return this.#keys?.has(entry.key ?? '') ?? false
  }

  /** `markBytes`: how far marks are apart; an acknowledgement between two of them counts as the earlier one. */
  protected takeOff({ entry, size }: Wire, markBytes: number): void {
    if (entry.epoch !== this.#epoch) this.begin(entry.epoch)
    this.#newest = entry.offset
    this.inFlight += size
    this.#since += size
    this.#keys?.set(entry.key ?? '', entry.offset)
    if (this.#since < markBytes) return
    this.#marks ??= []
    this.#marks.push({ offset: this.#newest, bytes: this.#since })
    this.#since = 0
  }

  /** The client has everything up to here; answers the bytes that this frees. */
  acknowledge({ epoch, offset }: Position): number {
    if (epoch !== this.#epoch) return 0
    const before = this.inFlight
    let passed = 0
    for (const mark of this.#marks ?? []) {
      if (mark.offset > offset) break
      this.inFlight -= mark.bytes
      passed++
    }
    if (passed > 0) this.#marks?.splice(0, passed)
    if (offset >= this.#newest) {
      this.inFlight = 0
      this.#since = 0
    }
    // In the order of their offsets, for only a key that is not there is added.
    for (const [key, newest] of this.#keys ?? []) {
      if (newest > offset) break
      this.#keys?.delete(key)
    }
    return before - this.inFlight
  }

  /** Nothing is on its way any more. Answers the bytes that this frees. */
  protected land(): number {
    const { inFlight } = this
    this.inFlight = 0
    this.#epoch = ''
    return inFlight
  }

  // What was on its way is still there; it is freed with what comes.
  private begin(epoch: string): void {
    this.#epoch = epoch
    this.#marks = null
    this.#since = this.inFlight
    this.#keys?.clear()
  }
}
