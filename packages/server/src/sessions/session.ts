import type { Receipt, UpFrame } from '@holdfast/protocol'
import { encodeFrame, inboxTopic } from '@holdfast/protocol'
import type { Answer, LogState } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { after, rescue } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { fault } from '../faults.ts'
import type { Link, LinkOwner } from '../links/link.ts'
import type { Asked } from '../links/subscriptions.ts'
import type { Feed } from '../topics/feed.ts'
import { readHistory } from '../topics/history.ts'
import type { Topics } from '../topics/topics.ts'
import type { Numbered, NumberedFrame } from './numbered.ts'
import { createNumbered, isNumbered } from './numbered.ts'
import type { Requests } from './requests.ts'
import type { Piece, SessionNews } from './session-news.ts'
import type { Source } from './upstream.ts'
import { Upstream } from './upstream.ts'

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

/** What all sessions of one node share. */
export interface SessionHost {
  readonly topics: Topics
  readonly requests: Requests
  handle(id: string): SessionHandle
  inbox(id: string): Feed
  news(session: Session): SessionNews | null
  /** What another node says of it. */
  hear(session: Session, piece: Piece): void
  /** What it is subscribed to here may have changed: this topic, or any. */
  changed(session: Session, topic?: string): void
  bye(session: Session): Promise<void>
}

/** One node's end of a session: its links here, and what comes in here. What not every session needs is made when it does. */
export class Session extends Upstream implements SessionIdentity, LinkOwner {
  readonly id: string
  user: unknown = null
  userJson = 'null'
  userKey: string | null = null
  /** At most those of `limits.links`, and the newest of them is the last. */
  links: readonly Link[] = []
  ended: Fault | null = null
  touchedAt: number
  /** The record and the secret with which a POST was let in: those that are the same need no second look. */
  proof: { readonly record: string; readonly secret: string } | null = null
  /** Null at the only node. */
  readonly news: SessionNews | null
  readonly #host: SessionHost
  #contactAt: number
  // The newest link on which the client has spoken; older ones are superseded.
  #newest = 0
  #released = false
  #handle: SessionHandle | null = null
  #inbox: Feed | null = null
  #numbered: Numbered | null = null

  constructor(context: Context, host: SessionHost, id: string) {
    super(context)
    this.id = id
    this.#host = host
    this.#contactAt = context.uptime()
    this.touchedAt = this.#contactAt
    this.news = host.news(this)
  }

  get handle(): SessionHandle {
    this.#handle ??= this.#host.handle(this.id)
    return this.#handle
  }

  /** When a link was open, or anything came, last. */
  get contactAt(): number {
    return this.links.length > 0 ? this.context.uptime() : this.#contactAt
  }

  inbox(): Feed {
    if (this.#inbox) return this.#inbox
    this.#inbox = this.#host.inbox(this.id)
    // Whoever asks late finds one that does not run.
    if (this.#released) this.#inbox.close()
    return this.#inbox
  }

  feed(topic: string): Feed {
    return topic === inboxTopic ? this.inbox() : this.#host.topics.feed(topic)
  }

  link(number: number): Link | undefined {
    return this.links.find((link) => link.number === number)
  }

  /** Whether one of its links here was granted the topic; null where that is not known: none is here, or it waits to be allowed. */
  isSubscribed(topic: string): boolean | null {
    const granted = this.links.map((link) => link.granted(topic))
    if (granted.includes(true)) return true
    return granted.length === 0 || granted.includes(null) ? null : false
  }

  identify(user: unknown, userJson: string, userKey: string | null): void {
    // A link is being admitted: the session must not expire under it.
    this.#contactAt = this.context.uptime()
    this.user = user
    this.userJson = userJson
    this.userKey = userKey
  }

  attach(link: Link): void {
    this.link(link.number)?.end(superseded)
    this.links = this.links.concat(link).sort((a, b) => a.number - b.number)
    // It was admitted before the end, and comes after it.
    if (this.ended) link.end(this.ended)
    else if (link.number < this.#newest) link.end(superseded)
    else if (this.links.length > this.context.settings.limits.links) this.links[0]?.end(superseded)
    // What it wants is said before that is looked at; what it does not want any more was perhaps given up while it was away.
    this.#host.changed(this)
  }

  /** A sign from the client on this link: the older ones have done their part. */
  heard(number: number): void {
    const now = this.context.uptime()
    this.#contactAt = now
    const link = this.link(number)
    if (number > this.#newest) {
      this.supersede(number)
      this.news?.tell({ type: 'proven', link: number })
    }
    link?.heard(now)
  }

  supersede(number: number): void {
    this.#newest = Math.max(this.#newest, number)
    for (const link of this.links) if (link.number < this.#newest) link.end(superseded)
  }

  /** What a frame does to its link, if the link is here; false if another node may have it: of polls each goes to any node. */
  apply(number: number, frame: UpFrame, asked: Asked): boolean {
    const link = this.link(number)
    if (!link) return false
    link.heard(this.context.uptime())
    if (frame[0] === 'ping') {
      link.send(encodeFrame(['pong', frame[1]]))
      // The round-trip time is measured with it.
      link.flush()
    } else if (frame[0] === 'ack') link.acknowledge(frame[1])
    else if (frame[0] === 'subscribe') link.listen(frame[2], frame[3], asked)
    else if (frame[0] === 'unsubscribe') link.drop(frame[2])
    return !this.news || !link.away
  }

  sweep(now: number): void {
    for (const link of this.links) link.sweep(now)
  }

  end(reason: Fault): void {
    this.ended ??= reason
    this.cut(reason)
  }

  /** Ends its links here; the client may come back. */
  cut(reason: Fault): void {
    for (const link of this.links) link.end(reason)
  }

  /** This node has no more to do with it. */
  release(): void {
    this.#released = true
    this.#inbox?.close()
    this.news?.close()
  }

  /** A topic was granted to one of its links, or no longer is. */
  changed(topic: string): void {
    this.#host.changed(this, topic)
  }

  left(link: Link): void {
    this.#contactAt = this.context.uptime()
    this.links = this.links.filter((each) => each !== link)
    // It may have had what those that stay do not want.
    if (this.links.length > 0) this.#host.changed(this)
  }

  hear(piece: Piece): void {
    this.#host.hear(this, piece)
  }

  protected override atOnce(frame: UpFrame, { link }: Source): boolean {
    if (frame[0] !== 'ping' && frame[0] !== 'ack') return false
    if (!this.apply(link, frame, undefined)) this.forward(link, frame)
    return true
  }

  protected override asked(frame: UpFrame): Asked {
    return frame[0] === 'subscribe' && frame[3] === 'live' && frame[2] !== inboxTopic
      ? this.#host.topics.peek(frame[2])
      : undefined
  }

  protected override inTurn(frame: UpFrame, source: Source, asked: Asked): MaybePromise<Answer | null> {
    if (this.ended) throw fault(this.ended.code, this.ended.message)
    if (isNumbered(frame)) return this.dealOnce(frame, source.link, asked)
    if (frame[0] === 'bye') return this.#host.bye(this).then(() => null)
    if (frame[0] !== 'read') throw fault('malformed', `'${frame[0]}' does not stand here`)
    return readHistory(this.context, this.#host.topics, this.user, frame).then((page) => {
      source.answer(page)
      return null
    })
  }

  private dealOnce(frame: NumberedFrame, link: number, asked: Asked): MaybePromise<Answer> {
    this.#numbered ??= createNumbered(this.context, this.#host.topics, this.#host.requests, this)
    const numbered = this.#numbered
    const failed = (error: unknown): never => {
      // It ended meanwhile, and its numbers with it.
      throw this.ended ? fault(this.ended.code, this.ended.message) : error
    }
    const dealt = rescue(() => numbered.deal(frame), failed)
    return after(dealt, ({ answer, fresh }) => {
      if (answer[0] === 'reject' && frame[0] !== 'skip') this.context.refused(answer[2])
      const concernsLink = frame[0] === 'subscribe' || frame[0] === 'unsubscribe'
      if (!fresh || !concernsLink || this.apply(link, frame, asked)) return answer
      return after(asked, (state) => {
        this.forward(link, frame, state)
        return answer
      })
    })
  }

  /** To a link at another node. */
  private forward(link: number, frame: UpFrame, asked?: LogState | null): void {
    this.news?.tell({ type: 'up', link, frame, ...(asked !== undefined && { asked }) })
  }
}

const superseded: Fault = { code: 'superseded', message: 'a newer link of the session took over' }
