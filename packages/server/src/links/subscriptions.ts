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
import { snapshotsOf } from '../topics/snapshots.ts'
import type { Topics } from '../topics/topics.ts'
import type { Line, Wire } from '../topics/wire.ts'
import { createLine } from '../topics/wire.ts'
import type { LinkReaderOwner } from './link-reader.ts'
import { LinkReader } from './link-reader.ts'

export type Asked = MaybePromise<LogState | null> | undefined

export interface SubscriptionsOwner {
  /** The client says what has arrived, so that what is on its way is bounded by that. */
  readonly acknowledged: boolean
  readonly user: unknown
  inbox(): Feed
  push(line: Line): void
  /** Whether so many bytes more may go. */
  room(size: number, inFlight: number): boolean
  failed(error: unknown): void
  /** What was granted, or no longer is. */
  changed(topic: string): void
}

/** One topic of a link: asked for, then granted, then read. */
interface Slot {
  readonly topic: string
  granted: boolean
  stopped: boolean
  reader: LinkReader | null
}

const maxMarkBytes = 32 * 1024

/** What one link listens to. */
export class Subscriptions implements LinkReaderOwner {
  readonly #context: Context
  readonly #topics: Topics
  readonly #owner: SubscriptionsOwner
  /** The client says what has arrived, so that what is on its way is bounded by that. */
  readonly acknowledged: boolean
  /** How far the marks of one flight are apart. */
  markBytes = maxMarkBytes
  readonly #slots = new Map<string, Slot>()
  /** In the order in which they found no room. */
  #blocked: Set<LinkReader> | null = null
  #inFlight = 0

  constructor(context: Context, topics: Topics, owner: SubscriptionsOwner) {
    this.#context = context
    this.#topics = topics
    this.#owner = owner
    this.acknowledged = owner.acknowledged
  }

  /** `asked` is the log's state when this was read. What is known already on this link is neither authorised nor said again. */
  add(topic: string, from: string, asked: Asked, isKnown = false): void {
    const former = this.#slots.get(topic)
    if (former) this.#stop(former)
    this.#slots.delete(topic)
    const most = this.#context.settings.limits.subscriptions
    if (this.#slots.size >= most) {
      this.#refuse(topic, 'subscription-limit', `${most} subscriptions are the limit`)
      return
    }
    const slot: Slot = { topic, granted: former?.granted ?? false, stopped: false, reader: null }
    this.#slots.set(topic, slot)
    this.#spread()
    this.#begin(slot, from, asked, isKnown).catch((error) => {
      if (slot.stopped) return
      this.drop(topic)
      if (!(error instanceof HoldfastError) || error instanceof BrokerError) this.#owner.failed(error)
      else this.#refuse(topic, error.code, error.message)
    })
  }

  drop(topic: string): void {
    const slot = this.#slots.get(topic)
    if (slot) this.#stop(slot)
    this.#slots.delete(topic)
    this.#spread()
    this.#owner.changed(topic)
  }

  /** Takes back what was granted. */
  revoke(topic: string): void {
    if (!this.#slots.has(topic)) return
    this.drop(topic)
    this.#refuse(topic, 'revoked', `the right to '${topic}' was taken back`)
  }

  acknowledge(cursors: CursorList): void {
    for (const [topic, cursor] of cursors) {
      const position = parseCursor(cursor)
      if (!position) continue
      this.#inFlight -= this.#slots.get(topic)?.reader?.acknowledge(position) ?? 0
      if (topic === inboxTopic) this.#release(position)
    }
    this.pump()
  }

  /** There may be room again. */
  pump(): void {
    if (!this.#blocked) return
    const waiting = this.#blocked
    this.#blocked = null
    for (const reader of waiting) reader.pump()
  }

  /** Whether it was granted; null where that is still to be seen. */
  granted(topic: string): boolean | null {
    const slot = this.#slots.get(topic)
    return slot ? slot.granted || null : false
  }

  /** Drops what was granted but is not among these. */
  keep(topics: ReadonlySet<string>): void {
    for (const { topic, granted } of [...this.#slots.values()]) if (granted && !topics.has(topic)) this.drop(topic)
  }

  /** Reads nothing more until it is added anew; what was granted stays so. */
  rest(): void {
    for (const slot of this.#slots.values()) {
      this.#stop(slot)
      if (!slot.granted) this.#slots.delete(slot.topic)
    }
  }

  clear(): void {
    for (const slot of this.#slots.values()) this.#stop(slot)
    this.#slots.clear()
  }

  async #begin(slot: Slot, from: string, asked: Asked, isKnown: boolean): Promise<void> {
    const { topic } = slot
    const start = parseFrom(from)
    if (!start) throw new HoldfastError('bad-cursor', `'${from}' is no place to start`)
    const isInbox = topic === inboxTopic
    if (!isInbox && !isKnown && !(await authorize(this.#context, this.#owner.user, 'subscribe', topic))) {
      throw new HoldfastError('forbidden', `you may not subscribe to '${topic}'`)
    }
    if (slot.stopped) return
    const feed = isInbox ? this.#owner.inbox() : this.#topics.feed(topic)
    const takeSnapshot = snapshotsOf(feed, this.#context)
    const located = await locate(feed, start, asked, takeSnapshot)
    // An inbox begins with its session: what it no longer has was never had.
    const position = isInbox && start.at === 'start' ? { ...located, offset: 0 } : located
    if (slot.stopped) return
    if (!slot.granted) {
      slot.granted = true
      this.#owner.changed(topic)
    }
    if (isInbox && start.at === 'cursor') this.#release(position)
    const conflated = feed.declared.conflate !== null
    const cursor = formatCursor(position.epoch, position.offset)
    const options = { from, ...(conflated && { conflate: true }), ...(position.snapshot && { snapshot: true }) }
    if (!isKnown) this.say(encodeFrame(['subscribed', topic, cursor, options]))
    // That may have been too much.
    if (slot.stopped) return
    slot.reader = new LinkReader(this, feed, position, takeSnapshot)
    slot.reader.pump()
  }

  // What falls between the marks of all topics must leave room within the bound, or nothing goes on until a heartbeat.
  #spread(): void {
    const { inFlightBytes } = this.#context.settings.limits
    this.markBytes = Math.min(maxMarkBytes, inFlightBytes / (4 * Math.max(1, this.#slots.size)))
  }

  #stop(slot: Slot): void {
    slot.stopped = true
    if (!slot.reader) return
    slot.reader.stop()
    this.#inFlight -= slot.reader.inFlight
    this.#blocked?.delete(slot.reader)
    slot.reader = null
  }

  #refuse(topic: string, code: string, message: string): void {
    this.#context.refused(code)
    this.say(encodeFrame(['refused', topic, code, message]))
  }

  #release(position: Position): void {
    const released = this.#owner.inbox().log.trim(position)
    if (isPromise(released))
      released.catch((error) => this.#context.report('broker-failed', 'the inbox was not trimmed', error))
  }

  say(line: string): void {
    this.#owner.push(createLine(line))
  }

  room(size: number): boolean {
    return this.#owner.room(size, this.#inFlight)
  }

  block(reader: LinkReader): void {
    this.#blocked ??= new Set()
    this.#blocked.add(reader)
  }

  push(wire: Wire, inFlight: number): void {
    this.#inFlight += inFlight
    this.#owner.push(wire)
  }

  failed(error: unknown): void {
    this.#owner.failed(error)
  }
}
