import type { Frame, Receipt, UpFrame } from '@holdfast/protocol'
import { encodeFrame, inboxTopic } from '@holdfast/protocol'
import type { LogState } from '../broker/broker.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { fault } from '../faults.ts'
import type { Link, Transport } from '../links/link.ts'
import { createLink } from '../links/link.ts'
import type { Sink } from '../links/outbox.ts'
import type { Asked } from '../links/subscriptions.ts'
import type { Feed } from '../topics/feed.ts'
import { readHistory } from '../topics/history.ts'
import type { Topics } from '../topics/topics.ts'
import type { NumberedFrame } from './numbered.ts'
import { createNumbered, isNumbered } from './numbered.ts'
import type { Requests } from './requests.ts'
import type { Upstream } from './upstream.ts'
import { createUpstream } from './upstream.ts'

/** A session as the hub's user sees it. */
export interface SessionHandle<User = unknown> {
  /** Public; it may appear anywhere. */
  readonly id: string
  readonly user: User
  /** Puts a message in the client's inbox; it waits there while the client is away. Rejects when the session is over. */
  send(data: unknown): Promise<Receipt>
}

export interface SessionIdentity {
  readonly id: string
  readonly user: unknown
  readonly userJson: string
  readonly handle: SessionHandle
  inbox(): Feed
}

/** One node's end of a session: its links here, and its upstream where it comes in here. */
export interface Session extends SessionIdentity {
  readonly userKey: string | null
  readonly links: ReadonlyMap<number, Link>
  readonly upstream: Upstream
  readonly ended: Fault | null
  /** When a link was open, or anything came, last. */
  readonly contactAt: number
  /** Whether one of its links here was granted the topic; null where that is not known: none is here, or it waits to be allowed. */
  isSubscribed(topic: string): boolean | null
  identify(user: unknown, userJson: string, userKey: string | null): void
  attach(number: number, transport: Transport, sink: Sink): Link
  /** A sign from the client on this link: the older ones have done their part. */
  heard(number: number): void
  supersede(number: number): void
  /** What a frame does to its link, if the link is here; false if it is not. */
  apply(number: number, frame: UpFrame, asked: Asked): boolean
  sweep(now: number): void
  end(reason: Fault): void
  /** Ends its links here; the client may come back. */
  cut(reason: Fault): void
}

export interface SessionParts {
  readonly id: string
  readonly handle: SessionHandle
  readonly inbox: () => Feed
  readonly topics: Topics
  readonly requests: Requests
  /** For a link that is not here: another node may have it. */
  forward(number: number, frame: UpFrame, asked?: LogState | null): void
  proven(number: number): void
  /** What it is subscribed to here may have changed: this topic, or any. */
  changed(topic?: string): void
  bye(): Promise<void>
}

export function createSession(context: Context, parts: SessionParts): Session {
  const { clock, settings } = context
  const links = new Map<number, Link>()
  let user: unknown = null
  let userJson = 'null'
  let userKey: string | null = null
  let ended: Fault | null = null
  let contactAt = clock.now()
  // The newest link on which the client has spoken; older ones are superseded.
  let newest = 0

  const session: Session = {
    id: parts.id,
    handle: parts.handle,
    inbox: parts.inbox,
    links,
    get user() {
      return user
    },
    get userJson() {
      return userJson
    },
    get userKey() {
      return userKey
    },
    get ended() {
      return ended
    },
    get contactAt() {
      return links.size > 0 ? clock.now() : contactAt
    },
    upstream: createUpstream(context, { atOnce, read, inTurn }),
    isSubscribed(topic) {
      const granted = [...links.values()].map(({ subscriptions }) => subscriptions.granted(topic))
      if (granted.includes(true)) return true
      return granted.length === 0 || granted.includes(null) ? null : false
    },
    identify(...identity) {
      // A link is being admitted: the session must not expire under it.
      contactAt = clock.now()
      ;[user, userJson, userKey] = identity
    },
    attach(number, transport, sink) {
      links.get(number)?.end(superseded)
      const link = createLink(
        context,
        parts.topics,
        { user: () => user, inbox: parts.inbox, left, changed: parts.changed },
        { number, transport, sink },
      )
      links.set(number, link)
      // It was admitted before the end, and comes after it.
      if (ended) link.end(ended)
      else if (number < newest) link.end(superseded)
      else if (links.size > settings.limits.links) links.get(Math.min(...links.keys()))?.end(superseded)
      // What it wants is said before that is looked at; what it does not want any more was perhaps given up while it was away.
      parts.changed()
      return link
    },
    heard(number) {
      contactAt = clock.now()
      const link = links.get(number)
      if (number > newest) {
        session.supersede(number)
        parts.proven(number)
      }
      link?.heard()
    },
    supersede(number) {
      newest = Math.max(newest, number)
      for (const link of [...links.values()]) if (link.number < newest) link.end(superseded)
    },
    apply,
    sweep(now) {
      for (const link of [...links.values()]) link.sweep(now)
    },
    end(reason) {
      ended ??= reason
      session.cut(reason)
    },
    cut(reason) {
      for (const link of [...links.values()]) link.end(reason)
    },
  }
  const numbered = createNumbered(context, parts.topics, parts.requests, session)
  return session

  function left(link: Link): void {
    contactAt = clock.now()
    if (links.get(link.number) === link) links.delete(link.number)
    // It may have had what those that stay do not want.
    if (links.size > 0) parts.changed()
  }

  function apply(number: number, frame: UpFrame, asked: Asked): boolean {
    const link = links.get(number)
    if (!link) return false
    link.heard()
    if (frame[0] === 'ping') {
      link.send(encodeFrame(['pong', frame[1]]))
      // The round-trip time is measured with it.
      link.flush()
    } else if (frame[0] === 'ack') link.subscriptions.acknowledge(frame[1])
    else if (frame[0] === 'subscribe') link.subscriptions.add(frame[2], frame[3], asked)
    else if (frame[0] === 'unsubscribe') link.subscriptions.drop(frame[2])
    return true
  }

  function atOnce(frame: UpFrame, { link }: { link: number }): boolean {
    if (frame[0] !== 'ping' && frame[0] !== 'ack') return false
    if (!apply(link, frame, undefined)) parts.forward(link, frame)
    return true
  }

  function read(frame: UpFrame): Asked {
    return frame[0] === 'subscribe' && frame[3] === 'live' && frame[2] !== inboxTopic
      ? parts.topics.peek(frame[2])
      : undefined
  }

  async function inTurn(frame: UpFrame, source: { link: number; answer(line: string): void }, asked: unknown) {
    if (ended) throw fault(ended.code, ended.message)
    if (isNumbered(frame)) return deal(frame, source.link, asked as Asked)
    if (frame[0] === 'read') source.answer(await readHistory(context, parts.topics, user, frame))
    else if (frame[0] === 'bye') await parts.bye()
    else throw fault('malformed', `'${frame[0]}' does not stand here`)
    return null
  }

  async function deal(frame: NumberedFrame, number: number, asked: Asked): Promise<Frame<'receipt'> | Frame<'reject'>> {
    const { answer, fresh } = await numbered.deal(frame).catch((error) => {
      // It ended meanwhile, and its numbers with it.
      throw ended ? fault(ended.code, ended.message) : error
    })
    if (answer[0] === 'reject' && frame[0] !== 'skip') context.refused(answer[2])
    const concernsLink = frame[0] === 'subscribe' || frame[0] === 'unsubscribe'
    if (fresh && concernsLink && !apply(number, frame, asked)) parts.forward(number, frame, await asked)
    return answer
  }
}

const superseded: Fault = { code: 'superseded', message: 'a newer link of the session took over' }
