import {
  type DownFrame,
  encodeFrame,
  HoldfastError,
  type TopicList,
  toBase64Url,
  version,
  type Welcome,
  wireLimits,
} from '@holdfast/protocol'
import { readFrame } from './frame.ts'
import { createInbox } from './inbox.ts'
import type { Settings } from './options.ts'
import { createOutbox } from './outbox.ts'
import type { Pulse } from './pulse.ts'
import { createReads } from './reads.ts'
import type { Streams } from './streams.ts'
import { createTopics } from './topics.ts'
import type { Link } from './transports/transport.ts'
import { resumeFrom, type WireTopic } from './wire-topic.ts'

// What a batch's first line takes, on transports that need one.
const envelopeBytes = 256

export interface SessionDeps {
  readonly settings: Settings
  readonly streams: Streams
  readonly pulse: () => Pulse
  /** A gauge has changed. */
  changed(): void
  /** What came down the carrier cannot be understood. */
  garbled(error: unknown): void
}

export type Session = ReturnType<typeof createSession>

/**
 * The data plane: a session that outlives its links. Frames go straight from the link that carries to the topics, the inbox
 * and the outbox, and from those to the link; the machine sees none of them.
 */
export function createSession({ settings, streams, pulse, changed, garbled }: SessionDeps) {
  const { clock, random } = settings
  let identity = { session: drawId(random), secret: drawId(random) }
  let welcomed = false
  let user: string | null = null
  let limits: Pick<Welcome['limits'], 'messageBytes' | 'batchBytes'> = wireLimits
  let link: Link | null = null
  let control: string[] = []
  let ackDue = false
  let heardBytes = 0
  let pumping = false
  let finishing: { timer: unknown; said: boolean; done: () => void } | null = null

  const outbox = createOutbox(settings.outbox, clock.now)
  const reads = createReads((line) => {
    if (!link) return
    control.push(line)
    pump()
  })
  const topics = createTopics({
    clock,
    reads,
    subscribe: (topic) => tell('subscribe', topic),
    unsubscribe: (topic) => tell('unsubscribe', topic),
    ackSoon: () => ack(),
  })
  const inbox = createInbox(topics, outbox, streams)

  /** While there is no link there is nobody to tell: the next hello says it all. */
  function tell(kind: 'subscribe' | 'unsubscribe', topic: WireTopic): void {
    if (!link) return
    const from = kind === 'subscribe' ? `,"${resumeFrom(topic)}"` : ''
    const name = JSON.stringify(topic.name)
    outbox.add({ kind, rest: `${name}${from}`, bytes: 3 * name.length + 80 })
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
      const taken = lines.reduce((sum, line) => sum + 3 * line.length + 1, 0)
      lines.push(...outbox.take(limits.batchBytes - envelopeBytes - taken))
      link.send(lines)
    }
    pulse().sent()
  }

  function giveUp(code: string, message: string): void {
    outbox.failHanded(code, message)
    outbox.failQueued(code, message)
  }

  /** The goodbye goes when all is answered; what carries it must have taken it before the link may close. */
  function advance(): void {
    if (!finishing) return
    if (!link) return finishing.done()
    if (outbox.pending > 0 || !link.writable) return
    if (finishing.said) return finishing.done()
    finishing.said = true
    link.send([encodeFrame(['bye'])])
    pump()
  }

  function handle(frame: DownFrame, aside: boolean): void {
    switch (frame[0]) {
      case 'entry':
        return topics.entry(frame)
      case 'receipt':
        return outbox.received(frame[1], frame[2])
      case 'reject':
        return outbox.rejected(frame[1], frame[2], frame[3])
      case 'gap':
        return topics.gap(frame)
      case 'snapshot':
        return topics.snapshot(frame)
      case 'subscribed':
        return topics.subscribed(frame)
      case 'refused':
        return topics.refused(frame)
      case 'page':
      case 'unread':
        return reads.answered(frame)
      case 'pong':
        return pulse().pong(frame[1])
      case 'heartbeat':
        // A POST that has nothing else to say is answered with it: to answer that in turn would never end.
        if (aside) return
        ack()
        return pulse().beat()
      case 'welcome':
      case 'close':
        return
      default:
        return frame satisfies never
    }
  }

  return {
    outbox,
    topics,
    inbox,
    get id() {
      return identity.session
    },
    get limits() {
      return limits
    },
    pump,
    ping(id: number): void {
      control.push(encodeFrame(['ping', id]))
      pump()
    },

    hello(number: number, token: string | undefined): { line: string; envelope: string; topics: TopicList } {
      const { session, secret } = identity
      const list = topics.list()
      const mode = welcomed ? 'resume' : 'new'
      const hello = {
        session,
        secret,
        link: number,
        mode,
        ...(token !== undefined && { token }),
        topics: list,
      } as const
      return {
        line: encodeFrame(['hello', version, hello]),
        envelope: encodeFrame(['session', session, secret, number]),
        topics: list,
      }
    },

    /**
     * This link carries from now on. What has changed since its hello is said on it, and what is unanswered sent again.
     * @param missed frames of this link were thrown away before, so its positions are ahead of ours
     */
    attach(to: Link, told: TopicList, welcome: Welcome, missed: boolean): void {
      link = to
      control = []
      limits = welcome.limits
      if (user !== null && user !== welcome.user && !welcomed) {
        outbox.failQueued('user-changed', 'the session was lost, and the new one is another user')
      }
      user = welcome.user
      welcomed = true
      outbox.resendAll()
      const known = new Map(told)
      for (const [name, from] of topics.list()) {
        const topic = topics.get(name)
        if (topic && (missed || !known.has(name) || (known.get(name) !== from && !isCursor(known.get(name))))) {
          tell('subscribe', topic)
        }
        known.delete(name)
      }
      for (const name of known.keys()) tell('unsubscribe', { name } as WireTopic)
      reads.askAgain()
      pulse().start(welcome.heartbeatMs)
    },

    detach(): void {
      link = null
      control = []
      ackDue = false
      pulse().stop()
    },

    receive(text: string, aside = false): void {
      if (!aside) pulse().heard()
      heardBytes += text.length
      if (heardBytes >= wireLimits.ackBytes) {
        heardBytes = 0
        ack()
      }
      for (const line of text.split('\n')) {
        try {
          handle(readFrame(line), aside)
        } catch (error) {
          return garbled(error)
        }
      }
      if (outbox.hasLines() || finishing) pump()
      changed()
    },

    /** The hub has lost the session: a new one goes on with the same topics. */
    renew(): void {
      identity = { session: drawId(random), secret: drawId(random) }
      welcomed = false
      topics.forgetInbox()
      outbox.renew()
    },

    /** The hub said stop. */
    fail({ code, message }: HoldfastError): void {
      giveUp(code, message)
      topics.end(new HoldfastError(code, message))
    },

    /** Waits up to `drainMs` for what is unanswered, then says goodbye, then calls `done`: for the last time, it was sent. */
    finish(drainMs: number, done: () => void): void {
      if (finishing) return
      const stop = () => {
        giveUp('closed', 'the connection was closed')
        advance()
      }
      finishing = { timer: drainMs > 0 ? clock.setTimeout(stop, drainMs) : null, said: false, done }
      if (drainMs > 0) pump()
      else stop()
    },

    end(): void {
      clock.clearTimeout(finishing?.timer)
      finishing = null
      giveUp('closed', 'the connection was closed')
      topics.end()
    },
  }
}

const isCursor = (from: string | undefined) => from?.includes('.') === true

/** 128 random bits, as 22 characters of base64url. */
const drawId = (random: () => number): string => toBase64Url(Uint8Array.from({ length: 16 }, () => random() * 256))
