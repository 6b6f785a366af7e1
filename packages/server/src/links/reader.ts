import type { GapEvent, Position } from '@holdfast/protocol'
import { formatCursor } from '@holdfast/protocol'
import type { LogPage } from '../broker/broker.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Feed } from '../topics/feed.ts'
import type { Located } from '../topics/locate.ts'
import type { Taken, TakeSnapshot } from '../topics/snapshots.ts'
import type { Wire } from '../topics/wire.ts'

/** Where a reader's entries go. */
export interface Outlet {
  /** Whether this entry may go now. After a no, `pump` is to be called once there is room. */
  room(wire: Wire): boolean
  entry(wire: Wire): void
  /** With `snapshot` set that is called next, in the same turn. */
  gap(gap: GapEvent): void
  snapshot(taken: Taken): void
  failed(error: unknown): void
}

/** A subscriber: a cursor on a log. At the head it is offered what comes; else it lags, and reads on from the log. */
export interface Reader {
  pump(): void
  stop(): void
}

const readChunk = { maxEntries: 256, maxBytes: 128 * 1024 } as const

/** The feed is open. `takeSnapshot` is null where the topic has none. Begins with the first `pump`. */
export function createReader(feed: Feed, outlet: Outlet, start: Located, takeSnapshot: TakeSnapshot | null): Reader {
  let { epoch, offset } = start
  let lags = true
  let busy = false
  let stopped = false
  let started = false
  let first = start.snapshot
  const leave = feed.join({ offer })

  return {
    pump() {
      if (busy || !lags || stopped) return
      busy = true
      if (first) outlet.snapshot(first)
      first = undefined
      readOn()
    },
    stop() {
      stopped = true
      leave()
    },
  }

  function offer(wire: Wire): void {
    if (stopped || lags) return
    const { entry } = wire
    if (entry.epoch === epoch && entry.offset <= offset) return
    if (entry.epoch === epoch && entry.offset === offset + 1) {
      if (outlet.room(wire)) return pass(wire)
      lags = true
      return
    }
    // The tail has a hole, or the log began anew.
    lags = true
    busy = true
    readOn()
  }

  function pass(wire: Wire): void {
    offset = wire.entry.offset
    outlet.entry(wire)
  }

  function readOn(): void {
    try {
      while (!stopped) {
        const page = feed.read(offset, readChunk)
        if (isPromise(page)) {
          page.then(resume, fail)
          return
        }
        if (!take(page)) return
      }
    } catch (error) {
      fail(error)
    }
  }

  function resume(page: LogPage | null): void {
    try {
      if (!stopped && take(page)) readOn()
    } catch (error) {
      fail(error)
    }
  }

  /** True if there is more to read at once; else what ends the wait calls `pump` or `resume`. */
  function take(page: LogPage | null): boolean {
    if (!page) throw new Error(`the log of '${feed.name}' is gone`)
    if (page.epoch !== epoch || offset < page.floor) {
      // Without room the gap would only grow, and be told again each time.
      const [next] = page.entries
      if (!next || outlet.room(feed.wire(next))) return cross(page)
      busy = false
      return false
    }
    started = true
    for (const entry of page.entries) {
      const wire = feed.wire(entry)
      if (!outlet.room(wire)) {
        busy = false
        return false
      }
      pass(wire)
      if (stopped) return false
    }
    // Behind the last entry that is kept there are superseded ones only.
    if (page.entries.length === 0) offset = page.head
    if (offset < page.head || feed.hasAfter(epoch, offset)) return true
    lags = false
    busy = false
    return false
  }

  /** Goes on beyond what is no longer there. */
  function cross(page: LogPage): boolean {
    const floor = { epoch: page.epoch, offset: page.floor }
    if (!takeSnapshot) {
      jump(floor, null)
      return true
    }
    takeSnapshot().then((taken) => {
      if (stopped) return
      jump(taken?.position ?? floor, taken)
      readOn()
    }, fail)
    return false
  }

  function jump(to: Position, snapshot: Taken | null): void {
    const reason = to.epoch !== epoch ? 'epoch' : started ? 'overrun' : 'trimmed'
    const [from, cursor] = [formatCursor(epoch, offset), formatCursor(to.epoch, to.offset)]
    epoch = to.epoch
    offset = to.offset
    outlet.gap({ type: 'gap', from, to: cursor, reason, ...(snapshot && { snapshot: true }) })
    if (snapshot) outlet.snapshot(snapshot)
  }

  function fail(error: unknown): void {
    busy = false
    if (!stopped) outlet.failed(error)
  }
}
