import { type Frame, HoldfastError, type TopicList } from '@holdfast/protocol'
import { readFrame } from './frame.ts'
import type { MachineEvent } from './machine.ts'
import type { Settings } from './options.ts'
import type { Race, Try } from './race.ts'
import type { Session } from './session.ts'
import type { Report } from './streams.ts'
import { hubLoss } from './transports/http.ts'
import { type Link, type LinkEvents, type Loss, networkLoss, type Transport } from './transports/transport.ts'

interface OpenLink {
  link: Link | null
  told: TopicList
  welcome: Frame<'welcome'> | null
  /** What came with the welcome, until the link carries. */
  early: string
  /** Frames came that nobody took. */
  missed: boolean
  carries: boolean
  close(): void
  lost(loss: Loss): void
}

export interface LinksDeps {
  readonly url: string
  readonly settings: Settings
  readonly session: Session
  readonly report: Report
  send(event: MachineEvent): void
}

/** Keeps the open links as the machine wants them, and gives the session to the one that carries. */
export function createLinks({ url, settings, session, report, send }: LinksDeps) {
  const { clock, timing } = settings
  const links = new Map<string, OpenLink>()
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
    let over = false
    let opened = false
    const one: OpenLink = {
      link: null,
      told: [],
      welcome: null,
      early: '',
      missed: false,
      carries: false,
      close: end,
      lost,
    }
    links.set(id, one)
    const handshake = clock.setTimeout(() => {
      lost(networkLoss(opened ? 'silent' : 'swallowed', 'no answer to the hello in time'))
    }, timing.handshakeMs)

    function end(): void {
      over = true
      clock.clearTimeout(handshake)
      links.delete(id)
      one.link?.close()
    }

    function lost(loss: Loss): void {
      if (over) return
      end()
      const others = [...links.values()]
      if (loss.action === 'renew' && !others.some((other) => other.carries)) session.renew()
      if (one.carries) session.detach()
      send({ type: 'try.lost', id, loss })
    }

    function prove(text: string): void {
      const end = text.indexOf('\n')
      const frame = readFrame(end < 0 ? text : text.slice(0, end))
      if (frame[0] !== 'welcome') return lost(networkLoss('not-holdfast', 'the first frame is no welcome'))
      clock.clearTimeout(handshake)
      one.welcome = frame
      one.early = end < 0 ? '' : text.slice(end + 1)
      send({ type: 'try.proved', id })
    }

    const events: LinkEvents = {
      opened: () => {
        opened = true
      },
      batch(text, aside) {
        if (over) return
        const loss = hubLoss(text)
        try {
          if (one.carries) session.receive(text, aside)
          else if (one.welcome) one.missed = true
          else if (!loss) prove(text)
        } catch (error) {
          return lost(networkLoss('not-holdfast', `${error}`))
        }
        if (loss) lost(loss)
      },
      writable: () => one.carries && session.pump(),
      tooLarge: (line) => (one.carries ? session.outbox.tooLarge(line) : undefined),
      lost,
    }

    async function start(): Promise<void> {
      const value = await tokenOf(round)
      if (over) return
      const { line, envelope, topics } = session.hello(number, value)
      one.told = topics
      one.link = transport.open({ url, hello: line, session: envelope, topics: session.topics.list, clock }, events)
    }
    // A constructor that throws is a transport that refuses; it may throw a DOMException, whose code is a number.
    start().catch((error) => lost(networkLoss(error instanceof HoldfastError ? error.code : 'refused', `${error}`)))
  }

  return {
    /** Opens, promotes and closes, so that what lives is what the machine's context names. */
    match({ contenders, carrier }: Race): void {
      if (carrier) {
        const one = links.get(carrier.id)
        if (one?.link && one.welcome && !one.carries) {
          for (const other of links.values()) other.carries = false
          one.carries = true
          session.attach(one.link, one.told, one.welcome[2], one.missed)
          const { early } = one
          one.early = ''
          if (early) session.receive(early)
        }
      }
      const wanted = new Set(contenders.map((one) => one.id))
      if (carrier) wanted.add(carrier.id)
      for (const [id, one] of links) {
        if (wanted.has(id)) continue
        if (one.carries) session.detach()
        one.close()
      }
      for (const one of contenders) if (!links.has(one.id)) open(one)
    },
    /** The carrier's frames cannot be understood. */
    garbled(error: unknown): void {
      report(error)
      for (const one of [...links.values()]) if (one.carries) one.lost(networkLoss('not-holdfast', `${error}`))
    },
  }
}
