import { type Cursor, encodeFrame, HoldfastError, type Outcome, wireLimits } from '@holdfast/protocol'
import type { OutboxLimits } from './options.ts'
import { positionOf } from './wire-topic.ts'

/** A publish or a request, or what tells the hub of a subscription: each takes an upstream number. */
export interface Outgoing {
  readonly kind: 'publish' | 'request' | 'subscribe' | 'unsubscribe'
  /** The JSON of what follows the number. */
  readonly rest: string
  /** At most what its line takes. */
  readonly bytes: number
  /** With its number, when it is first handed over. */
  sent?(n: number): void
  /** With a publish's cursor, or a request's answer. */
  done?(value: unknown): void
  failed?(error: HoldfastError): void
}

interface Entry extends Outgoing {
  /** 0 until it is handed to a transport for the first time. */
  n: number
  handedAt: number
  /** Its maker has had an answer, or has given up. */
  settled: boolean
}

/** Gives up: the promise is rejected with this code. */
export type Abandon = (code: string, message: string) => void

export type Outbox = ReturnType<typeof createOutbox>

const isMessage = (entry: Outgoing): boolean => entry.done !== undefined

/**
 * The idempotent producer: what is sent waits here in order, gets the next number when it is first handed to a transport, and
 * is sent again on each new link until its receipt has come. A request waits on for its answer.
 */
export function createOutbox(limits: OutboxLimits, now: () => number) {
  let messages = 0
  let bytes = 0
  /** Without a number yet, in order; nobody has given them up. */
  let queued: Entry[] = []
  /** By number, without a receipt. */
  const flying = new Map<number, Entry>()
  /** Requests by number, with a receipt or without, until they are settled. */
  const asked = new Map<number, Entry>()
  /** The last number that was handed over, and the last that was given to the present link. */
  let last = 0
  let given = 0
  let flyingBytes = 0

  function settle(entry: Entry): boolean {
    if (entry.settled) return false
    entry.settled = true
    asked.delete(entry.n)
    if (isMessage(entry)) {
      messages--
      bytes -= entry.bytes
    }
    return true
  }

  const fail = (entry: Entry, code: string, message: string, outcome: Outcome) =>
    settle(entry) && entry.failed?.(new HoldfastError(`${code}`, message, { outcome }))

  function withdraw(entry: Entry, code: string, message: string): void {
    queued.splice(queued.indexOf(entry), 1)
    fail(entry, code, message, 'not-sent')
  }

  function failQueued(code: string, message: string): void {
    for (const entry of queued.filter(isMessage)) withdraw(entry, code, message)
  }

  function failAsked(code: string, message: string): void {
    for (const entry of asked.values()) fail(entry, code, message, 'unknown')
  }

  function failHanded(code: string, message: string): void {
    for (const entry of flying.values()) fail(entry, code, message, 'unknown')
    failAsked(code, message)
  }

  function landed(n: number): Entry | undefined {
    const entry = flying.get(n)
    flying.delete(n)
    flyingBytes -= entry?.bytes ?? 0
    return entry
  }

  const oldest = (): Entry | undefined => flying.values().next().value
  /** The hub keeps the receipts of a window, counted from the oldest number that may be asked for again. */
  const isOpen = () => last - (oldest()?.n ?? last) < wireLimits.window - 1

  /** The next one for this link: first what must be sent again, then what fits the window. */
  function nextEntry(): Entry | undefined {
    while (given < last && !flying.has(given + 1)) given++
    return given < last ? flying.get(given + 1) : isOpen() ? queued[0] : undefined
  }

  /** Hands it over. What was subscribed the hello has said, and what was given up shall not happen. */
  function lineOf(entry: Entry): string {
    given++
    if (entry.n === 0) {
      queued.shift()
      entry.n = ++last
      entry.handedAt = now()
      flying.set(last, entry)
      flyingBytes += entry.bytes
      if (entry.kind === 'request') asked.set(last, entry)
      entry.sent?.(last)
    } else if (entry.settled || !isMessage(entry)) return skip(entry.n)
    return `["${entry.kind}",${entry.n},${entry.rest}]`
  }

  return {
    /** Messages that wait to be sent, or for an answer. */
    get pending() {
      return messages
    },
    /** When the oldest number without a receipt was handed over. */
    oldestHandedAt: () => oldest()?.handedAt,
    /** Of everything without a receipt. */
    flyingBytes: () => flyingBytes,
    hasLines: () => nextEntry() !== undefined,

    /** Takes it in, in order. At a limit one fails with `queue-full`: this one, or the oldest that was never handed over. */
    add(outgoing: Outgoing): Abandon {
      const entry: Entry = { ...outgoing, n: 0, handedAt: 0, settled: false }
      queued.push(entry)
      if (isMessage(entry)) {
        messages++
        bytes += entry.bytes
      }
      while (!entry.settled && (messages > limits.maxCount || bytes > limits.maxBytes)) {
        const dropped = limits.overflow === 'reject' ? entry : (queued.find(isMessage) as Entry)
        withdraw(dropped, 'queue-full', 'too many messages wait')
      }
      return (code, message) => {
        if (entry.n > 0) fail(entry, code, message, 'unknown')
        else if (!entry.settled) withdraw(entry, code, message)
      }
    },

    /** The next lines to hand over, at most `room` bytes of them; one at least, unless it would not go `alone`. */
    take(room: number, alone = true): string[] {
      const lines: string[] = []
      let left = room
      for (let entry = nextEntry(); entry; entry = nextEntry()) {
        left -= entry.bytes
        if (left < 0 && !(alone && lines.length === 0)) break
        lines.push(lineOf(entry))
      }
      return lines
    },

    /** A new link: all that is unanswered goes again; subscriptions that were never handed over are in its hello. */
    resendAll(): void {
      given = 0
      queued = queued.filter(isMessage)
    },

    received(n: number, cursor?: Cursor): void {
      const publish = flying.get(n)
      // One that names no place tells of no entry; what has no receipt is sent again on the next link.
      if (publish?.kind === 'publish' && !publish.settled) positionOf(cursor as Cursor)
      const entry = landed(n)
      if (entry && entry.kind !== 'request' && settle(entry)) entry.done?.(cursor)
    },
    rejected(n: number, code: string, message: string): void {
      const entry = landed(n)
      if (entry) fail(entry, code, message, 'rejected')
    },
    /** A request's answer; it may overtake the receipt. */
    answered(n: number, failed: boolean, data: unknown): void {
      const entry = asked.get(n)
      if (!entry) return
      if (failed) {
        const [code, message] = data as [string, string]
        fail(entry, code, message, 'rejected')
      } else if (settle(entry)) entry.done?.(data)
    },

    /**
     * The path cannot carry this line. Answers the line that uses up its number, if it has one: the hub knows whether an earlier
     * path has carried it, and rejects it otherwise.
     */
    tooLarge(line: string): string | undefined {
      const [kind, n] = JSON.parse(line) as [string, number]
      return flying.get(n)?.kind === kind ? skip(n) : undefined
    },

    /** The session is gone: what was handed over may or may not have been applied. Numbers begin again. */
    renew(): void {
      failHanded('session-lost', 'the session was lost')
      flying.clear()
      last = given = flyingBytes = 0
    },
    /** Gives up what was never handed over. */
    failQueued,
    /** Gives up what was handed over. */
    failHanded,
    /** Gives up the requests of it. */
    failAsked,
  }
}

const skip = (n: number): string => encodeFrame(['skip', n])
