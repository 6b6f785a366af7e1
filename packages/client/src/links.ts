import { encodeFrame, HoldfastError, type Welcome } from '@holdfast/protocol'
import { readFrame } from './frame.ts'
import type { Settings } from './options.ts'
import type { Race, Try } from './race.ts'
import type { ProvedLink, Session } from './session.ts'
import type { Report } from './streams.ts'
import { hubLoss } from './transports/http.ts'
import { type LinkEvents, type Loss, networkLoss, type Transport } from './transports/transport.ts'
import type { MachineEvent } from './vocabulary.ts'

type OpenLink = { -readonly [K in keyof ProvedLink]?: ProvedLink[K] } & { close(): void }

/** Keeps the open links as the machine wants them, and gives the session to the one that carries. */
export function createLinks(settings: Settings, session: Session, report: Report, send: (event: MachineEvent) => void) {
  const { url, clock, timing } = settings
  const links = new Map<string, OpenLink>()
  let carrying: OpenLink | null = null
  let token: { round: number; value: Promise<string | undefined> } | null = null

  /** Asked once a round, for all its tries. */
  function tokenOf(round: number): Promise<string | undefined> {
    if (token?.round !== round) {
      const ask = async () => (typeof settings.token === 'function' ? settings.token() : settings.token)
      const value = ask().catch((cause) => {
        const error = new HoldfastError('token-failed', `token() failed: ${cause}`, { cause })
        report(error)
        throw error
      })
      token = { round, value }
    }
    return token.value
  }

  function open({ id, name, link: number, round }: Try): void {
    const transport = settings.transports.find((one) => one.name === name) as Transport
    /** What is known of why no answer comes. */
    let silence = networkLoss('swallowed', 'no answer to the hello')
    const handshake = clock.setTimeout(() => lost(silence), timing.handshakeMs)
    const one: OpenLink = { close }
    links.set(id, one)

    function close(): void {
      clock.clearTimeout(handshake)
      links.delete(id)
      one.link?.close()
      if (carrying !== one) return
      carrying = null
      session.detach()
    }

    function lost(loss: Loss): void {
      if (!links.has(id)) return
      close()
      if (loss.action === 'renew' && !carrying) session.renew()
      send({ type: 'try.lost', id, loss })
      // Should it be tried again: what the hub has ended on purpose, nothing resumes.
      if (loss.action === 'stop' && !carrying) session.renew()
    }

    function prove(text: string): void {
      const [first = ''] = text.split('\n', 1)
      const frame = readFrame(first)
      if (frame[0] !== 'welcome' || !isUsable(frame[2])) {
        return lost(networkLoss('not-holdfast', 'no welcome'))
      }
      if (!session.accept(frame[2].session)) {
        return lost(networkLoss('session-lost', 'the link belongs to a session that is not carried on'))
      }
      clock.clearTimeout(handshake)
      one.welcome = frame[2]
      send({ type: 'try.proved', id })
      // Where it carries the session from now on, what came with the welcome is for the session, which passes over that.
      if (text !== first) events.batch(text)
    }

    const events: LinkEvents = {
      opened: () => {
        silence = { ...silence, code: 'silent' }
      },
      batch(text, aside) {
        const loss = hubLoss(text)
        try {
          if (carrying === one) session.receive(text, aside)
          else if (one.welcome) {
            // It does not carry yet: all that counts is the answer to what it was asked.
            one.missed = true
            if (/^\["pong"/m.test(text)) send({ type: 'try.answered', id })
          } else if (!loss) prove(text)
        } catch (cause) {
          const unread = networkLoss('not-holdfast', `${cause}`)
          if (carrying === one) report(new HoldfastError(unread.code, unread.message, { cause }))
          return lost(unread)
        }
        if (loss) lost(loss)
      },
      writable: () => carrying === one && session.pump(),
      troubled(loss) {
        silence = loss
        send({ type: 'try.troubled', id, loss })
      },
      tooLarge: (line) => (carrying === one ? session.outbox.tooLarge(line) : undefined),
      lost,
    }

    tokenOf(round)
      .then((value) => {
        if (!links.has(id)) return
        const { list } = session.topics
        one.told = list()
        one.link = transport.open({ url, ...session.hello(number, value, one.told), topics: list, clock }, events)
      })
      // A constructor that throws is a transport that refuses; it may throw a DOMException, whose code is a number.
      .catch((error) => lost(networkLoss(error instanceof HoldfastError ? error.code : 'refused', `${error}`)))
  }

  /** Asks one that does not carry yet for a sign of life. */
  const ask = (id: string) => links.get(id)?.link?.send([encodeFrame(['ping', 0])])

  /** Opens, promotes and closes, so that what lives is what the machine's context names. */
  function match({ contenders, carrier }: Race): void {
    const one = carrier && links.get(carrier.id)
    if (one?.link && one !== carrying) {
      carrying = one
      session.attach(one as ProvedLink)
    }
    const wanted = [carrier, ...contenders].map((each) => each?.id)
    for (const [id, { close }] of links) if (!wanted.includes(id)) close()
    for (const each of contenders) if (!links.has(each.id)) open(each)
  }

  return { ask, match }
}

/** A link lives by what its welcome says: here alone nothing is trusted. */
const isUsable = ({ heartbeatMs, limits }: Welcome): boolean =>
  heartbeatMs > 0 && heartbeatMs < 1e9 && limits.batchBytes > 0
