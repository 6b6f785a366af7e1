import type { Hello, TopicList } from '@holdfast/protocol'
import { encodeFrame, inboxTopic, parseHello, version, wireLimits } from '@holdfast/protocol'
import { BrokerError } from '../broker/broker.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { fault, faultOf } from '../faults.ts'
import { authenticate } from '../hooks.ts'
import type { Transport } from '../links/link.ts'
import type { Asked } from '../links/subscriptions.ts'
import type { Topics } from '../topics/topics.ts'
import { identify, userMark } from './identity.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { createTurnstile } from './turnstile.ts'

/** What the network tells of a peer. */
export interface Peer {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly address: string | undefined
}

/** A hello that was let in. */
export interface Admitted {
  readonly session: Session
  /** The link's number. */
  readonly number: number
  readonly topics: TopicList
  readonly asked: ReadonlyMap<string, Asked>
  readonly welcome: string
}

export interface Admission {
  /** From the hello's line to its session. Throws faults; everything else it throws is a failure of ours. */
  admit(line: string, peer: Peer, transport: Transport): Promise<Admitted>
  close(): void
}

export function createAdmission(context: Context, topics: Topics, sessions: Sessions): Admission {
  const { settings, timers } = context
  const turnstile = createTurnstile(context)
  let closed = false

  return {
    async admit(line, peer, transport) {
      if (closed) throw fault('shutting-down', 'this server goes')
      const hello = parseHello(line)
      const asked = readPositions(hello)
      await turnstile.enter()
      let stop = () => {}
      const late = new Promise<never>((_, reject) => {
        stop = timers.after(settings.handshakeMs, () =>
          reject(fault('handshake-timeout', 'authentication took too long')),
        )
      })
      try {
        return await Promise.race([enter(hello, asked, peer, transport), late])
      } finally {
        turnstile.leave()
        stop()
      }
    },
    close() {
      closed = true
    },
  }

  async function enter(hello: Hello, asked: Map<string, Asked>, peer: Peer, transport: Transport): Promise<Admitted> {
    const { headers } = peer
    const token = hello.token ?? bearer(headers)
    // Asked for only where somebody is to see it: the socket keeps it then.
    const address = settings.authenticate ? peer.address : undefined
    const user = await authenticate(context, { token, headers, origin: headers.origin, address, transport })
    const identity = identify(context, user)
    const session = await sessions.open(hello, identity)
    const received = await context.broker.sessions.received(session.id)
    if (closed) throw fault('shutting-down', 'this server goes')
    const { messageBytes, batchBytes, inFlightBytes } = settings.limits
    // Else what is on its way would wait for a heartbeat to be acknowledged.
    const ackBytes = Math.floor(inFlightBytes / 2)
    const limits = {
      messageBytes,
      batchBytes,
      window: wireLimits.window,
      ...(ackBytes < wireLimits.ackBytes && { ackBytes }),
    }
    const told = {
      session: session.id,
      received,
      user: userMark(identity.key),
      heartbeatMs: settings.heartbeatMs,
      limits,
    }
    const welcome = encodeFrame(['welcome', version, told])
    const wanted = session.id === hello.session ? hello.topics : hello.topics.map(fromAnew)
    return { session, number: hello.link, topics: wanted, asked, welcome }
  }

  /** `live` is the head at this moment, before anything is awaited. */
  function readPositions({ topics: wanted }: Hello): Map<string, Asked> {
    const asked = new Map<string, Asked>()
    for (const [topic, from] of wanted) {
      if (from !== 'live' || asked.size >= settings.limits.subscriptions || topic === inboxTopic) continue
      asked.set(topic, topics.peek(topic))
    }
    return asked
  }
}

/** The inbox of a session that was lost is not its successor's. */
const fromAnew = ([topic, from]: TopicList[number]): TopicList[number] => [topic, topic === inboxTopic ? 'start' : from]

export const bearer = (headers: Peer['headers']): string | undefined =>
  /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]

/** The fault in whatever an admission threw; a failure of ours is reported. */
export function faultFrom(context: Context, error: unknown): Fault {
  const known = faultOf(error)
  if (error instanceof BrokerError) context.report('broker-failed', 'the broker failed, and a link with it', error)
  if (known) return known
  context.report('internal-error', 'a link could not be opened', error)
  return { code: 'internal-error', message: 'something failed at the server' }
}
