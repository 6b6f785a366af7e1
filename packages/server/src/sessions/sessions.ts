import type { Credentials, Hello, UpFrame } from '@holdfast/protocol'
import { closeAction, closeCodes, inboxTopic, presenceOf } from '@holdfast/protocol'
import type { LogOptions } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { after } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { fault, faultOf, isCloseCode } from '../faults.ts'
import type { Presence } from '../presence/presence.ts'
import { inboxHistory } from '../settings.ts'
import type { Declared } from '../topics/declarations.ts'
import { Feed } from '../topics/feed.ts'
import type { Topics } from '../topics/topics.ts'
import type { HandleHost } from './handle.ts'
import { Handle } from './handle.ts'
import type { Identity, SessionRecord } from './identity.ts'
import type { Requests } from './requests.ts'
import { hash, sameText } from './secret.ts'
import type { SessionHandle, SessionHost } from './session.ts'
import { Session } from './session.ts'
import type { Piece } from './session-news.ts'
import { SessionNews } from './session-news.ts'

/** The sessions that this node has to do with. The broker's registry has all of them. */
export interface Sessions {
  readonly size: number
  [Symbol.iterator](): Iterator<Session>
  /** For a hello: creates the session or attaches to it, or does so with its successor where it is lost. Throws faults. */
  open(hello: Hello, identity: Identity): Promise<Session>
  /** For a POST. Throws faults. */
  find(id: string, secret: string): MaybePromise<Session>
  of(userKey: string): readonly Session[]
  at(id: string): Session | undefined
  handle(id: string, user: unknown): SessionHandle
  /** Ends a session's links wherever they are; the session as well where the code does not ask to come back. */
  end(id: string, reason: Fault): Promise<void>
  sweep(now: number): void
  close(): void
}

export function createSessions(
  context: Context,
  topics: Topics,
  requests: Requests,
  presence: Pick<Presence, 'look' | 'handOver'>,
  hooks: { created(session: Session): void; wake(): void },
): Sessions {
  const { broker, settings } = context
  const ttlMs = settings.sessionTtlMs
  const locals = new Map<string, Session>()
  let closed = false
  const byUser = new Map<string, Set<Session>>()
  /** Sessions that are about to be here, with their users, so that the limits hold for those who come at once. */
  const entering = new Map<string, string | null>()
  const inboxOptions: LogOptions = { ...inboxHistory, ageMs: 2 * ttlMs, compact: false, idleMs: 2 * ttlMs }
  const inboxDeclared: Declared = {
    log: inboxOptions,
    conflate: null,
    snapshot: null,
    schema: undefined,
    presence: null,
  }
  const inboxLog = (id: string) => broker.log(`${inboxTopic}/${id}`, inboxOptions)
  const at = (id: string) => locals.get(id)
  const handles: HandleHost = { context, at, inboxLog }
  const handle = (id: string, user: unknown = null) => new Handle(handles, id, user)

  const host: SessionHost = {
    topics,
    requests,
    handle,
    inbox: (id) => new Feed(inboxTopic, inboxLog(id), inboxDeclared, context),
    news: (session) => (context.sole ? null : new SessionNews(context, session.id, session)),
    hear,
    changed: ({ id }, topic) => presence.look(id, topic),
    bye: ({ id }) => end(id, { code: 'session-closed', message: 'the session said goodbye' }),
  }

  return {
    get size() {
      return locals.size
    },
    *[Symbol.iterator]() {
      yield* locals.values()
    },
    async open(hello, identity) {
      try {
        return await admit(hello, hello.mode, identity)
      } catch (error) {
        const code = faultOf(error)?.code
        const { successor } = hello
        if (!code || closeAction(closeCodes[code].close) !== 'renew') throw error
        // Of a client whose randomness is none: numbers of the lost session must not count in the new one.
        if (!successor || successor.session === hello.session) throw error
        return admit(successor, 'new', identity)
      }
    },
    find(id, secret) {
      // The registry has records of presence as well.
      if (presenceOf(id) !== null) lost()
      return after(broker.sessions.get(id), (found) => {
        const known = locals.get(id)
        if (known?.proof && known.proof.record === found && sameText(known.proof.secret, secret)) return known
        const text = found ?? lost()
        const record = check(text, hash(secret))
        if (known) {
          known.proof = { record: text, secret }
          return known
        }
        if (locals.size >= settings.limits.sessions) throw fault('later', 'too many sessions at this node', 1_000)
        const user: unknown = JSON.parse(record.user)
        return local(id, { user, json: record.user, key: settings.userId(user) })
      })
    },
    of: (userKey) => [...(byUser.get(userKey) ?? [])],
    at,
    handle,
    end,
    sweep(now) {
      for (const session of locals.values()) {
        session.sweep(now)
        if (now - session.contactAt >= ttlMs) release(session)
        else if (now - session.touchedAt >= ttlMs / 4 && now - session.contactAt < ttlMs / 4) void touch(session, now)
      }
    },
    close() {
      closed = true
      for (const session of [...locals.values()]) release(session)
    },
  }

  async function admit(named: Credentials, mode: Hello['mode'], identity: Identity): Promise<Session> {
    const id = named.session
    if (!locals.has(id) && !entering.has(id)) {
      checkLimits(identity)
      entering.set(id, identity.key)
    }
    try {
      return await enter(named, mode, identity)
    } finally {
      entering.delete(id)
    }
  }

  async function enter(
    { session: id, secret }: Credentials,
    mode: Hello['mode'],
    identity: Identity,
  ): Promise<Session> {
    const mine: SessionRecord = { secret: hash(secret), user: identity.json }
    // What JSON.stringify answers is in several pieces, which take half as much again in a registry that keeps it.
    const text = Buffer.from(JSON.stringify(mine)).toString()
    const found =
      mode === 'new' ? await broker.sessions.create(id, text, ttlMs) : ((await broker.sessions.get(id)) ?? lost())
    if (found !== null) {
      const known = check(found, mine.secret)
      if (settings.userId(JSON.parse(known.user)) !== identity.key)
        throw fault('session-lost', 'the session belongs to another user')
      if (known.user !== mine.user) await broker.sessions.replace(id, found, text, ttlMs)
      // One that comes back in its last moment must not expire under its new link.
      if (!(await broker.sessions.touch(id, ttlMs))) lost()
    }
    const session = await local(id, identity)
    if (found === null) hooks.created(session)
    return session
  }

  function checkLimits({ key }: Identity): void {
    const { sessions: total, sessionsPerUser } = settings.limits
    if (locals.size + entering.size >= total) throw fault('later', `this server takes ${total} sessions`, 5_000)
    if (key === null) return
    let waiting = 0
    for (const each of entering.values()) if (each === key) waiting++
    if ((byUser.get(key)?.size ?? 0) + waiting >= sessionsPerUser) {
      throw fault('too-many-sessions', `a user may have ${sessionsPerUser} sessions`)
    }
  }

  async function local(id: string, { user, json, key }: Identity): Promise<Session> {
    const session = locals.get(id) ?? begin(id)
    file(session, false)
    session.identify(user, json, key)
    file(session, true)
    entering.delete(id)
    try {
      // What is sent to the session's links from now on arrives; a POST may follow the welcome at once.
      await session.news?.listening
    } catch (error) {
      // The next link tries again.
      if (locals.get(id) === session) release(session)
      throw error
    }
    if (session.ended) throw fault(session.ended.code, session.ended.message)
    return session
  }

  function begin(id: string): Session {
    if (closed) throw fault('shutting-down', 'this server goes')
    const session = new Session(context, host, id)
    locals.set(id, session)
    hooks.wake()
    return session
  }

  function hear(session: Session, piece: Piece): void {
    if (piece.type === 'proven') passOn(session, piece.link)
    else if (piece.type === 'present') for (const topic of piece.topics) presence.look(session.id, topic)
    else if (piece.type === 'ended') over(session.id, piece.reason)
    else if (piece.type === 'cut') session.cut(piece.reason)
    else if (session.link(piece.link)) {
      session.heard(piece.link)
      session.apply(piece.link, piece.frame as UpFrame, piece.asked)
    }
  }

  function passOn(session: Session, link: number): void {
    session.supersede(link)
    const left = session.links.length > 0 ? [] : presence.handOver(session.id)
    if (left.length > 0) session.news?.tell({ type: 'present', topics: left })
  }

  async function end(id: string, reason: Fault): Promise<void> {
    const action = closeAction(closeCodes[reason.code].close)
    if (action !== 'stop' && action !== 'renew') return tell(id, { type: 'cut', reason })
    // Again where another node has changed the record meanwhile: an end must not get lost.
    for (let found = await broker.sessions.get(id); found !== null; found = await broker.sessions.get(id)) {
      const record: SessionRecord = { ...(JSON.parse(found) as SessionRecord), ended: reason }
      if (await broker.sessions.replace(id, found, JSON.stringify(record), ttlMs)) break
    }
    await broker.sessions.forget(id)
    tell(id, { type: 'ended', reason })
    // Last, for a link that is about to read it would take the broker for broken.
    await inboxLog(id).remove()
  }

  /** Every node, this one included. */
  function tell(id: string, piece: Extract<Piece, { reason: Fault }>): void {
    const known = locals.get(id)
    if (!context.sole) (known?.news ?? new SessionNews(context, id, null)).tell(piece)
    if (piece.type === 'ended') over(id, piece.reason)
    else known?.cut(piece.reason)
  }

  function over(id: string, reason: Fault): void {
    const known = locals.get(id)
    if (!known) return
    known.end(reason)
    release(known)
  }

  function release(session: Session): void {
    locals.delete(session.id)
    file(session, false)
    session.release()
    presence.look(session.id)
  }

  function file(session: Session, add: boolean): void {
    const { userKey } = session
    if (userKey === null) return
    const filed = byUser.get(userKey) ?? new Set()
    if (add) byUser.set(userKey, filed.add(session))
    else if (filed.delete(session) && filed.size === 0) byUser.delete(userKey)
  }

  async function touch(session: Session, now: number): Promise<void> {
    session.touchedAt = now
    try {
      await broker.sessions.touch(session.id, ttlMs)
    } catch (error) {
      context.report('broker-failed', 'a session was not prolonged', error)
    }
  }
}

function lost(): never {
  throw fault('session-lost', 'the session is not known')
}

function check(text: string, secret: string): SessionRecord {
  const record = JSON.parse(text) as SessionRecord
  if (!sameText(record.secret, secret)) throw fault('wrong-secret', "the session is somebody else's")
  if (record.ended) {
    const { code, message } = record.ended
    throw fault(isCloseCode(code) ? code : 'session-closed', message)
  }
  return record
}
