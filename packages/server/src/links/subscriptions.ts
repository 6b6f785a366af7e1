import type { CursorList, Position } from '@holdfast/protocol'
import { encodeFrame, formatCursor, HoldfastError, inboxTopic, parseCursor, parseFrom } from '@holdfast/protocol'
import type { LogState } from '../broker/broker.ts'
import { BrokerError } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import { authorize } from '../hooks.ts'
import type { Feed } from '../topics/feed.ts'
import { locate } from '../topics/locate.ts'
import { snapshotElements, snapshotsOf } from '../topics/snapshots.ts'
import type { Topics } from '../topics/topics.ts'
import type { Line } from '../topics/wire.ts'
import { createLine } from '../topics/wire.ts'
import type { Flight } from './flight.ts'
import { createFlight } from './flight.ts'
import type { Outlet, Reader } from './reader.ts'
import { createReader } from './reader.ts'

export type Asked = MaybePromise<LogState | null> | undefined

/** What one link listens to. */
export interface Subscriptions {
  readonly size: number
  /** `asked` is the log's state when this was read. What is known already on this link is neither authorised nor said again. */
  add(topic: string, from: string, asked: Asked, known?: boolean): void
  drop(topic: string): void
  /** Takes back what was granted. */
  revoke(topic: string): void
  acknowledge(cursors: CursorList): void
  /** There may be room again. */
  pump(): void
  /** Whether it was granted; null where that is still to be seen. */
  granted(topic: string): boolean | null
  /** Drops what was granted but is not among these. */
  keep(topics: ReadonlySet<string>): void
  clear(): void
}

export interface SubscriptionsOwner {
  user(): unknown
  inbox(): Feed
  push(line: Line): void
  /** Whether so many bytes more may go. */
  room(size: number, inFlight: number): boolean
  failed(error: unknown): void
  /** What was granted, or no longer is. */
  changed(topic: string): void
}

interface Slot {
  topic: string
  reader: Reader | null
  flight: Flight | null
  stopped: boolean
}

const maxMarkBytes = 32 * 1024

/** `acknowledged`: the client says what has arrived, so that what is on its way is bounded by that. */
export function createSubscriptions(
  context: Context,
  topics: Topics,
  owner: SubscriptionsOwner,
  acknowledged: boolean,
): Subscriptions {
  const slots = new Map<string, Slot>()
  const known = new Set<string>()
  const blocked = new Set<Slot>()
  let inFlight = 0

  const say = (line: string) => owner.push(createLine(line))

  // What falls between the marks of all topics must leave room within the bound, or nothing goes on until a heartbeat.
  const markBytes = () => Math.min(maxMarkBytes, context.settings.limits.inFlightBytes / (4 * slots.size))

  const stop = (slot: Slot) => {
    slot.stopped = true
    slot.reader?.stop()
    inFlight -= slot.flight?.bytes ?? 0
    blocked.delete(slot)
  }

  const drop = (topic: string) => {
    const slot = slots.get(topic)
    if (slot) stop(slot)
    slots.delete(topic)
  }

  return {
    get size() {
      return slots.size
    },
    add(topic, from, asked, isKnown = false) {
      drop(topic)
      if (slots.size >= context.settings.limits.subscriptions) {
        refuse(topic, 'subscription-limit', `${context.settings.limits.subscriptions} subscriptions are the limit`)
        return
      }
      const slot: Slot = { topic, reader: null, flight: null, stopped: false }
      slots.set(topic, slot)
      begin(slot, from, asked, isKnown).catch((error) => {
        if (slot.stopped) return
        withdraw(topic)
        if (!(error instanceof HoldfastError) || error instanceof BrokerError) owner.failed(error)
        else refuse(topic, error.code, error.message)
      })
    },
    drop: withdraw,
    revoke(topic) {
      // Between two polls there are no slots, but what was granted goes on with the next.
      if (!known.has(topic) && !slots.has(topic)) return
      withdraw(topic)
      refuse(topic, 'revoked', `the right to '${topic}' was taken back`)
    },
    acknowledge(cursors) {
      for (const [topic, cursor] of cursors) {
        const position = parseCursor(cursor)
        if (!position) continue
        inFlight -= slots.get(topic)?.flight?.acknowledge(position) ?? 0
        if (topic === inboxTopic) release(position)
      }
      pump()
    },
    pump,
    granted: (topic) => known.has(topic) || (slots.has(topic) ? null : false),
    keep(topics) {
      for (const topic of known) if (!topics.has(topic)) withdraw(topic)
    },
    clear() {
      for (const slot of slots.values()) stop(slot)
      slots.clear()
    },
  }

  function withdraw(topic: string): void {
    known.delete(topic)
    drop(topic)
    owner.changed(topic)
  }

  async function begin(slot: Slot, from: string, asked: Asked, isKnown: boolean): Promise<void> {
    const { topic } = slot
    const start = parseFrom(from)
    if (!start) throw new HoldfastError('bad-cursor', `'${from}' is no place to start`)
    const isInbox = topic === inboxTopic
    if (!isInbox && !isKnown && !(await authorize(context, owner.user(), 'subscribe', topic))) {
      throw new HoldfastError('forbidden', `you may not subscribe to '${topic}'`)
    }
    if (slot.stopped) return
    const feed = isInbox ? owner.inbox() : topics.feed(topic)
    const takeSnapshot = snapshotsOf(feed, context)
    const located = await locate(feed, start, asked, takeSnapshot)
    // An inbox begins with its session: what it no longer has was never had.
    const position = isInbox && start.at === 'start' ? { ...located, offset: 0 } : located
    if (slot.stopped) return
    if (!known.has(topic)) {
      known.add(topic)
      owner.changed(topic)
    }
    if (isInbox && start.at === 'cursor') release(position)
    const conflated = feed.declared.conflate !== null
    const cursor = formatCursor(position.epoch, position.offset)
    const options = { from, ...(conflated && { conflate: true }), ...(position.snapshot && { snapshot: true }) }
    if (!isKnown) say(encodeFrame(['subscribed', topic, cursor, options]))
    const flight = acknowledged ? createFlight(conflated, markBytes) : null
    slot.flight = flight
    slot.reader = createReader(feed, outlet(slot, flight), position, takeSnapshot)
    slot.reader.pump()
  }

  function outlet(slot: Slot, flight: Flight | null): Outlet {
    const { topic } = slot
    return {
      room(wire) {
        if (!flight?.holds(wire) && owner.room(wire.size, inFlight)) return true
        blocked.add(slot)
        return false
      },
      entry(wire) {
        if (flight) {
          flight.add(wire)
          inFlight += wire.size
        }
        owner.push(wire)
      },
      gap({ from, to, reason, snapshot }) {
        const frame = ['gap', topic, from, to, reason] as const
        say(encodeFrame(snapshot ? [...frame, snapshot] : [...frame]))
      },
      snapshot: (taken) => say(`["snapshot",${JSON.stringify(topic)},"${taken.cursor}"${snapshotElements(taken)}]`),
      failed: owner.failed,
    }
  }

  function refuse(topic: string, code: string, message: string): void {
    context.refused(code)
    say(encodeFrame(['refused', topic, code, message]))
  }

  function pump(): void {
    if (blocked.size === 0) return
    const waiting = [...blocked]
    blocked.clear()
    for (const { reader } of waiting) reader?.pump()
  }

  function release(position: Position): void {
    const released = owner.inbox().log.trim(position)
    if (isPromise(released))
      released.catch((error) => context.report('broker-failed', 'the inbox was not trimmed', error))
  }
}
