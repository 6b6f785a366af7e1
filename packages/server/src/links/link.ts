import type { TopicList } from '@holdfast/protocol'
import { wireLimits } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { fault, faultOf } from '../faults.ts'
import type { Feed } from '../topics/feed.ts'
import type { Topics } from '../topics/topics.ts'
import { createLine } from '../topics/wire.ts'
import type { Sink } from './outbox.ts'
import { createOutbox, heartbeatLine } from './outbox.ts'
import type { Asked, Subscriptions } from './subscriptions.ts'
import { createSubscriptions } from './subscriptions.ts'

export type Transport = 'websocket' | 'sse' | 'poll'

/** One use of one transport by a session. */
export interface Link {
  readonly number: number
  readonly transport: Transport
  readonly subscriptions: Subscriptions
  readonly closed: boolean
  readonly waiting: number
  send(line: string): void
  flush(): void
  subscribe(topics: TopicList, asked: ReadonlyMap<string, Asked>): void
  /** A sign from the client. */
  heard(): void
  /** The socket has room again. */
  drained(): void
  sweep(now: number): void
  /** Says why, and ends. */
  end(reason: Fault): void
  /** The transport went by itself. */
  gone(): void
}

export interface LinkOwner {
  user(): unknown
  inbox(): Feed
  left(link: Link): void
  /** A topic was granted to one of its links, or no longer is. */
  changed(topic: string): void
}

/** `capacity`: bytes that one turn may gather; a poll's answer is one batch. */
export function createLink(
  context: Context,
  topics: Topics,
  owner: LinkOwner,
  { number, transport, sink }: { number: number; transport: Transport; sink: Sink },
): Link {
  const { clock, settings } = context
  const { limits, heartbeatMs } = settings
  const outbox = createOutbox(context, sink, () => end(fault('too-slow', 'too much waits for the socket')))
  const polls = transport === 'poll'
  let closed = false
  let heardAt = clock.now()
  let beatAt = heardAt

  const subscriptions = createSubscriptions(
    context,
    topics,
    {
      user: owner.user,
      inbox: owner.inbox,
      changed: owner.changed,
      push: (line) => outbox.push(line),
      room: (size, inFlight) =>
        polls
          ? outbox.waiting === 0 || outbox.waiting + size < wireLimits.batchBytes
          : inFlight < limits.inFlightBytes && outbox.waiting < limits.bufferBytes,
      failed(error) {
        if (!closed) context.report('broker-failed', 'the broker failed while a topic was read', error)
        end(fault('broker-failed', 'the topic cannot be read'))
      },
    },
    !polls,
  )

  const leave = () => {
    closed = true
    subscriptions.clear()
    outbox.close()
    owner.left(link)
  }

  function end(reason: Fault | Error): void {
    if (closed) return
    const why = reason instanceof Error ? (faultOf(reason) as Fault) : reason
    outbox.flush()
    leave()
    if (!ordinary.has(why.code)) context.refused(why.code)
    sink.end(why)
  }

  const link: Link = {
    number,
    transport,
    subscriptions,
    get closed() {
      return closed
    },
    get waiting() {
      return outbox.waiting
    },
    send: (line) => outbox.push(createLine(line)),
    flush: outbox.flush,
    subscribe(list, asked) {
      for (const [topic, from] of list) subscriptions.add(topic, from, asked.get(topic))
    },
    heard() {
      heardAt = clock.now()
    },
    drained: () => subscriptions.pump(),
    sweep(now) {
      if (now - heardAt >= 3 * heartbeatMs) {
        end({ code: 'heartbeat-timeout', message: 'nothing came from the client' })
      } else if (!polls && !outbox.takes(now)) {
        end({ code: 'too-slow', message: 'the socket took nothing' })
      } else {
        // On a link that is never quiet, too: the client's answer to it is the only sign of one that sends nothing.
        const due = Math.max(heardAt, beatAt) + heartbeatMs <= now || outbox.wroteAt + heartbeatMs <= now
        if (due && !sink.away) {
          beatAt = now
          outbox.push(heartbeatLine)
        }
        subscriptions.pump()
      }
    },
    end,
    gone() {
      if (closed) return
      leave()
      sink.destroy()
    },
  }
  return link
}

// How links end when nothing is wrong.
const ordinary = new Set<string>(['superseded', 'session-closed', 'shutting-down'])
