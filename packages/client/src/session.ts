import {
  type DownFrame,
  type DownKind,
  encodeFrame,
  type Frame,
  type Hello,
  HoldfastError,
  inboxTopic,
  type TopicList,
  type UpFrame,
  version,
  type Welcome,
  type WireFrom,
  wireLimits,
} from '@holdfast/protocol'
import { readFrame } from './frame.ts'
import { createIdentity } from './identity.ts'
import { createInbox } from './inbox.ts'
import type { Settings } from './options.ts'
import { createOutbox } from './outbox.ts'
import { createPulse } from './pulse.ts'
import { createReads, type Page } from './reads.ts'
import type { Streams } from './streams.ts'
import { createTopics } from './topics.ts'
import type { Link } from './transports/transport.ts'
import type { MachineEvent } from './vocabulary.ts'

// What a batch's first line takes, on transports that need one.
const envelopeBytes = 256
// A browser takes no beacon above 64 KiB.
const beaconBytes = 60 * 1024

/** A link that has proved itself. */
export interface ProvedLink {
  readonly link: Link
  readonly welcome: Welcome
  /** What its hello has subscribed. */
  readonly told: TopicList
  /** Frames of it were thrown away before it carries, so its positions are ahead of ours. */
  readonly missed?: boolean
}

/** What is done with each kind of frame. `aside`: it came in answer to a POST. */
type Handlers = {
  readonly [K in Exclude<DownKind, 'welcome' | 'close'>]: (frame: Frame<K>, aside: boolean) => void
}

export type Session = ReturnType<typeof createSession>

/** The connection was closed on purpose. */
export const closed = () => new HoldfastError('closed', 'the connection is closed')

/**
 * The data plane: a session that outlives its links. Frames go straight from the link that carries to the topics, the inbox
 * and the outbox, and from those to the link; the machine sees none of them.
 * @param changed a gauge has changed
 */
export function createSession(
  settings: Settings,
  streams: Streams,
  send: (event: MachineEvent) => void,
  changed: () => void,
) {
  const { clock, random } = settings
  const identity = createIdentity(random)
  /** The number of the newest link. */
  let last = 0
  let welcomed = false
  let user: string | null = null
  let limits: Omit<Welcome['limits'], 'window'> = wireLimits
  let link: Link | null = null
  let control: string[] = []
  let ackDue = false
  let heardBytes = 0
  let pumping = false
  let finishing: { timer?: unknown; said?: boolean; done: () => void } | null = null

  const outbox = createOutbox(settings.outbox, clock.now)
  const pulse = createPulse(clock, ping, send, outbox.oldestHandedAt, outbox.flyingBytes)
  const reads = createReads(say)
  const topics = createTopics(clock, reads, tell, ack)
  const inbox = createInbox(topics, outbox, streams)

  /** Says what needs no number; a link that comes later need not hear it. */
  function say(frame: UpFrame): void {
    if (!link) return
    control.push(encodeFrame(frame))
    pump()
  }

  /** A ping that waited for the answer to a POST would tell how long that takes, and not whether the link lives. */
  function ping(frame: UpFrame): void {
    if (link?.beside && !link.writable) link.beside(encodeFrame(frame))
    else say(frame)
  }

  /** While there is no link there is nobody to tell: the next hello says it all. */
  function tell(kind: 'subscribe' | 'unsubscribe', ...what: [name: string, from?: WireFrom]): void {
    if (!link) return
    const rest = JSON.stringify(what).slice(1, -1)
    outbox.add(kind, rest, 3 * rest.length + 80)
    pump()
  }

  function ack(): void {
    if (!link || link.acknowledges) return
    ackDue = true
    pump()
  }

  /** What is added in one tick leaves together. */
  function pump(): void {
    if (pumping) return
    pumping = true
    queueMicrotask(() => {
      pumping = false
      flush()
      advance()
      changed()
    })
  }

  function flush(): void {
    while (link?.writable && (control.length > 0 || ackDue || outbox.hasLines())) {
      if (ackDue) control.push(encodeFrame(['ack', topics.takeCursors()]))
      ackDue = false
      const lines = control.splice(0, 1_000)
      lines.push(...outbox.take(limits.batchBytes - envelopeBytes - 3 * lines.join().length, lines.length === 0))
      // Whoever was told that it is sent may have ended the link.
      link?.send(lines)
    }
    pulse.arm()
  }

  function answered(page: Page): void {
    reads.answered(page)
    topics.read()
  }

  function giveUp({ code, message }: HoldfastError): void {
    outbox.failHanded(code, message)
    outbox.failQueued(code, message)
  }

  /** The goodbye goes when all is answered; what carries it must have taken it before the link may close. */
  function advance(): void {
    if (!finishing || (link && (outbox.pending > 0 || !link.writable))) return
    if (!link || finishing.said) return finishing.done()
    finishing.said = true
    link.send([encodeFrame(['bye'])])
    pump()
  }

  /** The hub has lost the session: a new one goes on with the same topics. */
  function renew(): void {
    identity.renew()
    welcomed = false
    topics.forgetInbox()
    outbox.renew()
  }

  const handlers: Handlers = {
    entry: topics.entry,
    gap: topics.gap,
    snapshot: topics.snapshot,
    subscribed: topics.subscribed,
    refused: topics.refused,
    page: answered,
    unread: answered,
    receipt: outbox.receipt,
    reject: outbox.reject,
    pong: pulse.pong,
    heartbeat(_, aside) {
      // A POST that has nothing else to say is answered with it: to answer that in turn would never end.
      if (aside) return
      topics.tellAll()
      ack()
      pulse.beat()
    },
  }

  return {
    outbox,
    topics,
    inbox,
    pulse,
    get id() {
      return identity.current.session
    },
    get limits() {
      return limits
    },
    pump,

    /** The hello of a new link, and what begins each POST of it. */
    hello(number: number, token: string | undefined, list: TopicList): { hello: string; session: () => string } {
      last = number
      const more = welcomed ? { mode: 'resume', successor: link ? undefined : identity.successor } : { mode: 'new' }
      // JSON leaves out what is undefined.
      const hello = { ...identity.current, link: number, ...more, token, topics: list } as Hello
      return { hello: encodeFrame(['hello', version, hello]), session: () => identity.envelope(number) }
    },

    /** Whether a link that was welcomed to this session can carry. The first welcome to the successor says that the session is lost. */
    accept(id: string): boolean {
      if (id === identity.current.session) return true
      if (link || id !== identity.successor.session) return false
      renew()
      return true
    },

    /** The last POST of a page that goes: what is unanswered, which the hub may have had already, and then the goodbye. */
    farewell(): string | null {
      if (!welcomed) return null
      outbox.resendAll()
      return [identity.envelope(last), ...outbox.take(beaconBytes, false), encodeFrame(['bye'])].join('\n')
    },

    /** This link carries from now on. What has changed since its hello is said on it, and what is unanswered sent again. */
    attach(proved: ProvedLink): void {
      const { welcome } = proved
      link = proved.link
      control = []
      limits = welcome.limits
      if (user !== null && user !== welcome.user && !welcomed) {
        outbox.failQueued('user-changed', 'the new session is another user')
      }
      user = welcome.user
      welcomed = true
      outbox.resendAll()
      const told = new Map(proved.told)
      for (const [name, from] of topics.list()) {
        const before = told.get(name)
        // The inbox has but one start.
        const differs = name !== inboxTopic && before !== from && !(before?.includes('.') && from.includes('.'))
        if (proved.missed || !before || differs) tell('subscribe', name, from)
        told.delete(name)
      }
      for (const name of told.keys()) tell('unsubscribe', name)
      reads.askAgain()
      pulse.start(welcome.heartbeatMs, !!link.beside)
    },

    detach(): void {
      link = null
      control = []
      ackDue = false
      pulse.stop()
      topics.detached()
    },

    /** Throws where a frame cannot be understood. */
    receive(text: string, aside = false): void {
      if (!aside) pulse.heard()
      heardBytes += text.length
      if (heardBytes >= (limits.ackBytes ?? wireLimits.ackBytes)) {
        heardBytes = 0
        ack()
      }
      for (const line of text.split('\n')) {
        const frame = readFrame(line)
        const handle = (handlers as Record<string, ((frame: DownFrame, aside: boolean) => void) | undefined>)[frame[0]]
        handle?.(frame, aside)
      }
      // It may have made room for what waits.
      pump()
    },

    renew,

    /** The hub said stop. */
    fail(error: HoldfastError): void {
      giveUp(error)
      topics.end(error)
    },

    /** Waits up to `drainMs` for what is unanswered, then says goodbye, then calls `done`: for the last time, it was sent. */
    finish(drainMs: number, done: () => void): void {
      if (finishing) return
      finishing = { done }
      const stop = () => {
        giveUp(closed())
        pump()
      }
      if (drainMs > 0) finishing.timer = clock.setTimeout(stop, drainMs)
      else stop()
      pump()
    },

    end(): void {
      clock.clearTimeout(finishing?.timer)
      finishing = null
      giveUp(closed())
      topics.end()
    },
  }
}
