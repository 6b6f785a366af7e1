import type { GapEvent, Position } from '@holdfast/protocol'
import { formatCursor } from '@holdfast/protocol'
import type { LogPage } from '../broker/broker.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Feed, Follower } from '../topics/feed.ts'
import type { Located } from '../topics/locate.ts'
import type { Taken, TakeSnapshot } from '../topics/snapshots.ts'
import type { Wire } from '../topics/wire.ts'

/**
 * A subscriber: a cursor on a log. At the head it is offered what comes; else it lags, and reads on from the log. What is
 * read goes to the methods that its kind has. Begins with the first `pump`.
 */
export abstract class Reader implements Follower {
  readonly #takeSnapshot: TakeSnapshot | null
  #first: Taken | null
  #started = false
  protected readonly feed: Feed
  // What each delivery looks at, in a row.
  #epoch: string
  #offset: number
  #state: 'lags' | 'reads' | 'head' | 'stopped' = 'lags'

  /** The feed is open. `takeSnapshot` is null where the topic has none. */
  constructor(feed: Feed, start: Located, takeSnapshot: TakeSnapshot | null) {
    this.feed = feed
    this.#takeSnapshot = takeSnapshot
    this.#epoch = start.epoch
    this.#offset = start.offset
    this.#first = start.snapshot ?? null
    feed.join(this)
  }

  /** Whether this entry may go now. After a no, `pump` is to be called once there is room. */
  protected abstract room(wire: Wire): boolean
  protected abstract entry(wire: Wire): void
  /** With `snapshot` set that is called next, in the same turn. */
  protected abstract gap(gap: GapEvent): void
  protected abstract snapshot(taken: Taken): void
  protected abstract failed(error: unknown): void

  pump(): void {
    if (this.#state !== 'lags') return
    this.#state = 'reads'
    const first = this.#first
    this.#first = null
    if (first) this.snapshot(first)
    this.readOn()
  }

  stop(): void {
    this.#state = 'stopped'
    this.feed.leave(this)
  }

  offer(wire: Wire): void {
    if (this.#state !== 'head') return
    const { epoch, offset } = wire.entry
    if (offset === this.#offset + 1 && epoch === this.#epoch) {
      if (this.room(wire)) this.pass(wire)
      else this.#state = 'lags'
      return
    }
    if (epoch === this.#epoch && offset <= this.#offset) return
    // The tail has a hole, or the log began anew.
    this.#state = 'reads'
    this.readOn()
  }

  private pass(wire: Wire): void {
    this.#offset = wire.entry.offset
    this.entry(wire)
  }

  private readOn(): void {
    try {
      while (this.#state === 'reads') {
        const page = this.feed.read(this.#offset)
        if (isPromise(page)) {
          page.then(
            (read) => this.resume(read),
            (error) => this.fail(error),
          )
          return
        }
        if (!this.take(page)) return
      }
    } catch (error) {
      this.fail(error)
    }
  }

  private resume(page: LogPage | null): void {
    try {
      if (this.#state === 'reads' && this.take(page)) this.readOn()
    } catch (error) {
      this.fail(error)
    }
  }

  /** True if there is more to read at once; else what ends the wait calls `pump` or `#resume`. */
  private take(page: LogPage | null): boolean {
    const feed = this.feed
    if (!page) throw new Error(`the log of '${feed.name}' is gone`)
    if (page.epoch !== this.#epoch || this.#offset < page.floor) {
      // Without room the gap would only grow, and be told again each time.
      const [next] = page.entries
      if (!next || this.room(feed.wire(next))) return this.cross(page)
      this.#state = 'lags'
      return false
    }
    this.#started = true
    for (const entry of page.entries) {
      const wire = feed.wire(entry)
      if (!this.room(wire)) {
        this.#state = 'lags'
        return false
      }
      this.pass(wire)
      if (this.#state === 'stopped') return false
    }
    // Behind the last entry that is kept there are superseded ones only.
    if (page.entries.length === 0) this.#offset = page.head
    if (this.#offset < page.head || feed.hasAfter(this.#epoch, this.#offset)) return true
    this.#state = 'head'
    return false
  }

  /** Goes on beyond what is no longer there. */
  private cross(page: LogPage): boolean {
    const floor = { epoch: page.epoch, offset: page.floor }
    if (!this.#takeSnapshot) {
      this.jump(floor, null)
      return true
    }
    this.#takeSnapshot().then(
      (taken) => {
        if (this.#state === 'stopped') return
        this.jump(taken?.position ?? floor, taken)
        this.readOn()
      },
      (error) => this.fail(error),
    )
    return false
  }

  private jump(to: Position, snapshot: Taken | null): void {
    const reason = to.epoch !== this.#epoch ? 'epoch' : this.#started ? 'overrun' : 'trimmed'
    const [from, cursor] = [formatCursor(this.#epoch, this.#offset), formatCursor(to.epoch, to.offset)]
    this.#epoch = to.epoch
    this.#offset = to.offset
    this.gap({ type: 'gap', from, to: cursor, reason, ...(snapshot && { snapshot: true }) })
    if (snapshot) this.snapshot(snapshot)
  }

  private fail(error: unknown): void {
    if (this.#state === 'stopped') return
    this.#state = 'lags'
    this.failed(error)
  }
}
