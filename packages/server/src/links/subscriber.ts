import type { CursorList, Position, TopicList } from '@holdfast/protocol'
import {
  encodeFrame,
  formatCursor,
  HoldfastError,
  inboxTopic,
  parseCursor,
  parseFrom,
  wireLimits,
} from '@holdfast/protocol'
import { BrokerError } from '../broker/broker.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import { fault } from '../faults.ts'
import { authorize } from '../hooks.ts'
import type { Feed } from '../topics/feed.ts'
import { locate } from '../topics/locate.ts'
import { snapshotsOf } from '../topics/snapshots.ts'
import type { Wire } from '../topics/wire.ts'
import type { LinkReaderOwner } from './link-reader.ts'
import { LinkReader } from './link-reader.ts'
import { Outbox } from './outbox.ts'
import type { Asked, Subscription, Subscriptions } from './subscriptions.ts'
import { countOf, find, noSubscriptions, put, remove, Wish } from './subscriptions.ts'

export interface SubscriberOwner {
  readonly user: unknown
  /** Throws `bad-topic`, `topic-limit`. */
  feed(topic: string): Feed
  /** A topic was granted, or no longer is. */
  changed(topic: string): void
}

const maxMarkBytes = 32 * 1024

/** An outbox that topics are read into. */
export abstract class Subscriber<Far = unknown> extends Outbox<Far> implements LinkReaderOwner {
  protected abstract readonly owner: SubscriberOwner
  abstract readonly acknowledged: boolean
  #inFlight = 0
  markBytes = maxMarkBytes
  /** In the order in which they found no room. */
  #blocked: Set<LinkReader> | null = null
  #subscriptions: Subscriptions = noSubscriptions

  /** `asked`: the logs' states when this was read. */
  subscribe(topics: TopicList, asked: ReadonlyMap<string, Asked>): void {
    for (const [topic, from] of topics) this.listen(topic, from, asked.get(topic))
  }

  /** `asked` is the log's state when this was read. What is known already on this link is neither authorised nor said again. */
  listen(topic: string, from: string, asked: Asked, isKnown = false): void {
    const former = this.remove(topic)
    const most = this.context.settings.limits.subscriptions
    if (countOf(this.#subscriptions) >= most) {
      this.refuse(topic, 'subscription-limit', `${most} subscriptions are the limit`)
      return
    }
    const wish = new Wish(topic, former?.granted ?? false)
    this.#subscriptions = put(this.#subscriptions, wish)
    this.spread()
    this.begin(wish, from, asked, isKnown).catch((error) => {
      if (wish.stopped) return
      this.drop(topic)
      if (!(error instanceof HoldfastError) || error instanceof BrokerError) this.failed(error)
      else this.refuse(topic, error.code, error.message)
    })
  }

  drop(topic: string): void {
    this.remove(topic)
    this.spread()
    this.owner.changed(topic)
  }

  /** Takes back what was granted. */
  revoke(topic: string): void {
    if (!find(this.#subscriptions, topic)) return
    this.drop(topic)
    this.refuse(topic, 'revoked', `the right to '${topic}' was taken back`)
  }

  acknowledge(cursors: CursorList): void {
    for (const [topic, cursor] of cursors) {
      const position = parseCursor(cursor)
      if (!position) continue
      this.#inFlight -= find(this.#subscriptions, topic)?.acknowledge(position) ?? 0
      if (topic === inboxTopic) this.trimInbox(position)
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
    const subscription = find(this.#subscriptions, topic)
    return subscription ? subscription.granted || null : false
  }

  /** Drops what was granted but is not among these. */
  keep(topics: ReadonlySet<string>): void {
    for (const { topic, granted } of [...this.#subscriptions.values()])
      if (granted && !topics.has(topic)) this.drop(topic)
  }

  /** Reads nothing more until it is added anew; what was granted stays so. */
  rest(): void {
    for (const subscription of [...this.#subscriptions.values()]) {
      if (subscription.granted) subscription.stop()
      else this.remove(subscription.topic)
    }
  }

  /** A topic cannot be read. */
  failed(error: unknown): void {
    if (!this.closed) this.context.report('broker-failed', 'the broker failed while a topic was read', error)
    this.end(fault('broker-failed', 'the topic cannot be read'))
  }

  room(size: number): boolean {
    const { limits } = this.context.settings
    if (this.#inFlight >= limits.inFlightBytes) return false
    const { waiting } = this
    if (waiting === 0) return true
    // A poll's answer is one batch.
    return this.acknowledged ? waiting < limits.bufferBytes : waiting + size < wireLimits.batchBytes
  }

  block(reader: LinkReader): void {
    this.#blocked ??= new Set()
    this.#blocked.add(reader)
  }

  carry(wire: Wire, inFlight: number): void {
    this.#inFlight += inFlight
    this.push(wire)
  }

  stopped(reader: LinkReader, inFlight: number): void {
    this.#inFlight -= inFlight
    this.#blocked?.delete(reader)
  }

  protected override shut(): void {
    super.shut()
    for (const subscription of this.#subscriptions.values()) subscription.stop()
    this.#subscriptions = noSubscriptions
  }

  private async begin(wish: Wish, from: string, asked: Asked, isKnown: boolean): Promise<void> {
    const { topic } = wish
    const start = parseFrom(from)
    if (!start) throw new HoldfastError('bad-cursor', `'${from}' is no place to start`)
    const isInbox = topic === inboxTopic
    if (!isInbox && !isKnown && !(await authorize(this.context, this.owner.user, 'subscribe', topic))) {
      throw new HoldfastError('forbidden', `you may not subscribe to '${topic}'`)
    }
    if (wish.stopped) return
    const feed = this.owner.feed(topic)
    const takeSnapshot = snapshotsOf(feed, this.context)
    const located = await locate(feed, start, asked, takeSnapshot)
    // An inbox begins with its session: what it no longer has was never had.
    const position = isInbox && start.at === 'start' ? { ...located, offset: 0 } : located
    if (wish.stopped) return
    if (!wish.granted) {
      wish.granted = true
      this.owner.changed(topic)
    }
    if (isInbox && start.at === 'cursor') this.trimInbox(position)
    const conflated = feed.declared.conflate !== null
    const cursor = formatCursor(position.epoch, position.offset)
    const options = { from, ...(conflated && { conflate: true }), ...(position.snapshot && { snapshot: true }) }
    if (!isKnown) this.send(encodeFrame(['subscribed', topic, cursor, options]))
    // That may have been too much.
    if (wish.stopped) return
    const reader = new LinkReader(this, feed, position, takeSnapshot)
    this.#subscriptions = put(this.#subscriptions, reader)
    reader.pump()
  }

  private remove(topic: string): Subscription | undefined {
    const former = find(this.#subscriptions, topic)
    if (!former) return undefined
    former.stop()
    this.#subscriptions = remove(this.#subscriptions, topic)
    return former
  }

  // What falls between the marks of all topics must leave room within the bound, or nothing goes on until a heartbeat.
  private spread(): void {
    const { inFlightBytes } = this.context.settings.limits
    const topics = Math.max(1, countOf(this.#subscriptions))
    this.markBytes = Math.min(maxMarkBytes, Math.floor(inFlightBytes / (4 * topics)))
  }

  private refuse(topic: string, code: string, message: string): void {
    this.context.refused(code)
    this.send(encodeFrame(['refused', topic, code, message]))
  }

  private trimInbox(position: Position): void {
    const released = this.owner.feed(inboxTopic).log.trim(position)
    if (isPromise(released))
      released.catch((error) => this.context.report('broker-failed', 'the inbox was not trimmed', error))
  }
}
