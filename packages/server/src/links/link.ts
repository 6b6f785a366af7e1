import type { TopicList } from '@holdfast/protocol'
import { wireLimits } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { fault, faultOf } from '../faults.ts'
import type { Feed } from '../topics/feed.ts'
import type { Topics } from '../topics/topics.ts'
import type { Line } from '../topics/wire.ts'
import { createLine } from '../topics/wire.ts'
import type { Sink } from './outbox.ts'
import { heartbeatLine, Outbox } from './outbox.ts'
import type { Asked, SubscriptionsOwner } from './subscriptions.ts'
import { Subscriptions } from './subscriptions.ts'

export type Transport = 'websocket' | 'sse' | 'poll'

export interface LinkOwner {
  readonly user: unknown
  inbox(): Feed
  left(link: Link): void
  /** A topic was granted to one of its links, or no longer is. */
  changed(topic: string): void
}

/** One use of one transport by a session. */
export class Link extends Outbox implements SubscriptionsOwner {
  readonly number: number
  readonly transport: Transport
  readonly subscriptions: Subscriptions
  readonly #owner: LinkOwner
  #heardAt: number
  #beatAt: number

  constructor(
    context: Context,
    topics: Topics,
    owner: LinkOwner,
    { number, transport, sink }: { number: number; transport: Transport; sink: Sink },
  ) {
    super(context, sink)
    this.number = number
    this.transport = transport
    this.#owner = owner
    this.#heardAt = context.uptime()
    this.#beatAt = this.#heardAt
    this.subscriptions = new Subscriptions(context, topics, this)
  }

  get acknowledged(): boolean {
    return this.transport !== 'poll'
  }

  get user(): unknown {
    return this.#owner.user
  }

  inbox(): Feed {
    return this.#owner.inbox()
  }

  push(line: Line): void {
    if (!this.gather(line)) this.end(fault('too-slow', 'too much waits for the socket'))
  }

  send(line: string): void {
    this.push(createLine(line))
  }

  subscribe(topics: TopicList, asked: ReadonlyMap<string, Asked>): void {
    for (const [topic, from] of topics) this.subscriptions.add(topic, from, asked.get(topic))
  }

  room(size: number, inFlight: number): boolean {
    const { waiting } = this
    const { limits } = this.context.settings
    // A poll's answer is one batch.
    return this.transport === 'poll'
      ? waiting === 0 || waiting + size < wireLimits.batchBytes
      : inFlight < limits.inFlightBytes && waiting < limits.bufferBytes
  }

  /** A topic was granted to it, or no longer is. */
  changed(topic: string): void {
    this.#owner.changed(topic)
  }

  /** A topic cannot be read. */
  failed(error: unknown): void {
    if (!this.closed) this.context.report('broker-failed', 'the broker failed while a topic was read', error)
    this.end(fault('broker-failed', 'the topic cannot be read'))
  }

  /** A sign from the client. */
  heard(): void {
    this.#heardAt = this.context.uptime()
  }

  /** The socket has room again. */
  drained(): void {
    this.subscriptions.pump()
  }

  sweep(now: number): void {
    const { heartbeatMs } = this.context.settings
    if (now - this.#heardAt >= 3 * heartbeatMs) {
      this.end({ code: 'heartbeat-timeout', message: 'nothing came from the client' })
    } else if (this.transport !== 'poll' && !this.takes(now)) {
      this.end({ code: 'too-slow', message: 'the socket took nothing' })
    } else {
      // On a link that is never quiet, too: the client's answer to it is the only sign of one that sends nothing.
      const due = Math.max(this.#heardAt, this.#beatAt) + heartbeatMs <= now || this.wroteAt + heartbeatMs <= now
      if (due && !this.sink.away) {
        this.#beatAt = now
        this.push(heartbeatLine)
      }
      this.subscriptions.pump()
    }
  }

  /** Says why, and ends. */
  end(reason: Fault | Error): void {
    if (this.closed) return
    const why = reason instanceof Error ? (faultOf(reason) as Fault) : reason
    this.flush()
    this.#leave()
    if (!ordinary.has(why.code)) this.context.refused(why.code)
    this.sink.end(why)
  }

  /** The transport went by itself. */
  gone(): void {
    if (this.closed) return
    this.#leave()
    this.sink.destroy()
  }

  #leave(): void {
    this.shut()
    this.subscriptions.clear()
    this.#owner.left(this)
  }
}

// How links end when nothing is wrong.
const ordinary = new Set<string>(['superseded', 'session-closed', 'shutting-down'])
