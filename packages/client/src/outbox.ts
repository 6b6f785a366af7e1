import { type Cursor, encodeFrame, HoldfastError, type Outcome, wireLimits } from '@holdfast/protocol'
import type { OutboxLimits } from './options.ts'

/** Something that takes an upstream number. */
export interface Outgoing {
  /** The frame's kind, and the JSON of what follows the number. */
  readonly kind: 'subscribe' | 'unsubscribe' | 'publish' | 'request'
  readonly rest: string
  /** At most what its line takes. */
  readonly bytes: number
  /** It has got its number. */
  handed?(n: number): void
  accepted?(cursor: Cursor | undefined): void
  failed?(error: HoldfastError): void
}

interface Entry extends Outgoing {
  /** 0 until it is handed to a transport for the first time. */
  n: number
  handedAt: number
  /** Its maker has had an answer, or has given up. */
  settled: boolean
}

export interface Ticket {
  /** Gives up: the reason becomes the rejection's code. */
  abandon(code: string, message: string): void
  readonly n: number
}

export type Outbox = ReturnType<typeof createOutbox>

/**
 * The idempotent producer: what is sent waits here in order, gets the next number when it is first handed to a transport, and
 * is sent again on each new link until its receipt has come.
 */
export function createOutbox(limits: OutboxLimits, now: () => number) {
  let next = 1
  let bytes = 0
  let queued: Entry[] = []
  const flying = new Map<number, Entry>()
  let resend: Entry[] = []

  const isMessage = ({ kind }: Outgoing) => kind === 'publish' || kind === 'request'
  let messages = 0

  function settle(entry: Entry): boolean {
    if (entry.settled) return false
    entry.settled = true
    if (isMessage(entry)) {
      messages--
      bytes -= entry.bytes
    }
    return true
  }

  function fail(entry: Entry, code: string, message: string, outcome: Outcome): void {
    if (settle(entry)) entry.failed?.(new HoldfastError(code, message, { outcome }))
  }

  function dropOldest(): boolean {
    const oldest = queued.find((entry) => isMessage(entry) && !entry.settled)
    if (!oldest) return false
    queued = queued.filter((entry) => entry !== oldest)
    fail(oldest, 'queue-full', 'newer messages took its place in the queue', 'not-sent')
    return true
  }

  const isFull = (more: number) => messages >= limits.maxCount || bytes + more > limits.maxBytes

  function lineOf(entry: Entry, again: boolean): string {
    const superseded = entry.settled || !isMessage(entry)
    return again && superseded ? encodeFrame(['skip', entry.n]) : `["${entry.kind}",${entry.n},${entry.rest}]`
  }

  return {
    get pending() {
      return messages
    },
    /** When the oldest unanswered number was handed over, or null. */
    get oldestHandedAt(): number | null {
      for (const entry of flying.values()) return entry.handedAt
      return null
    },

    /** Takes it in, in order. Fails it with `queue-full` at a limit. */
    add(outgoing: Outgoing): Ticket {
      const entry: Entry = { ...outgoing, n: 0, handedAt: 0, settled: false }
      if (isMessage(entry)) {
        while (limits.overflow === 'drop-oldest' && isFull(entry.bytes) && dropOldest());
        messages++
        bytes += entry.bytes
        if (messages > limits.maxCount || bytes > limits.maxBytes) {
          fail(entry, 'queue-full', `${messages - 1} messages are waiting, the limit is reached`, 'not-sent')
          return ticketOf(entry)
        }
      }
      queued.push(entry)
      return ticketOf(entry)
    },

    /** The next lines to hand over, at most `maxBytes` of them: first what must be sent again, then what fits the window. */
    take(maxBytes: number): string[] {
      const lines: string[] = []
      let room = maxBytes
      const fits = (entry: Entry) => {
        room -= entry.bytes
        return room >= 0 || lines.length === 0
      }
      for (let entry = resend[0]; entry !== undefined; entry = resend[0]) {
        if (flying.has(entry.n)) {
          if (!fits(entry)) return lines
          lines.push(lineOf(entry, true))
        }
        resend.shift()
      }
      for (let entry = queued[0]; entry !== undefined && flying.size < wireLimits.window; entry = queued[0]) {
        if (!entry.settled) {
          if (!fits(entry)) return lines
          entry.n = next++
          entry.handedAt = now()
          flying.set(entry.n, entry)
          entry.handed?.(entry.n)
          lines.push(lineOf(entry, false))
        }
        queued.shift()
      }
      return lines
    },

    get hasLines() {
      return resend.length > 0 || (queued.length > 0 && flying.size < wireLimits.window)
    },

    /** A new link: all that is unanswered goes again; subscriptions that were never handed over are in the hello. */
    resendAll(): void {
      resend = [...flying.values()]
      queued = queued.filter(isMessage)
    },

    received(n: number, cursor: Cursor | undefined): void {
      const entry = flying.get(n)
      if (!entry) return
      flying.delete(n)
      if (settle(entry)) entry.accepted?.(cursor)
    },

    rejected(n: number, code: string, message: string): void {
      const entry = flying.get(n)
      if (!entry) return
      flying.delete(n)
      fail(entry, code, message, 'rejected')
    },

    /** The path cannot carry this line: it is rejected, and its number sent as skipped. */
    tooLarge(line: string): void {
      const n = Number(/^\["\w+",(\d+)/.exec(line)?.[1])
      const entry = flying.get(n)
      if (!entry) return
      fail(entry, 'too-large', 'a proxy on the way refuses a message of this size', 'rejected')
      resend.unshift(entry)
    },

    /** The session is gone: what was handed over may or may not have been applied. Numbers begin again. */
    renew(): void {
      const lost = [...flying.values()]
      flying.clear()
      resend = []
      next = 1
      for (const entry of lost) fail(entry, 'session-lost', 'the session was lost before the answer came', 'unknown')
    },

    /** Gives up everything: `unknown` for what was handed over, `not-sent` for what was not. */
    failAll(code: string, message: string, only: 'all' | 'queued' = 'all'): void {
      const waiting = queued.filter(isMessage)
      queued = queued.filter((entry) => !isMessage(entry))
      if (only === 'all') {
        const lost = [...flying.values()]
        flying.clear()
        resend = []
        for (const entry of lost) fail(entry, code, message, 'unknown')
      }
      for (const entry of waiting) fail(entry, code, message, 'not-sent')
    },
  }

  function ticketOf(entry: Entry): Ticket {
    return {
      get n() {
        return entry.n
      },
      abandon(code, message) {
        if (entry.n === 0) queued = queued.filter((other) => other !== entry)
        fail(entry, code, message, entry.n === 0 ? 'not-sent' : 'unknown')
      },
    }
  }
}
