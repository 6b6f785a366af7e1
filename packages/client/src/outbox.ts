import { type Cursor, encodeFrame, HoldfastError, type Outcome, wireLimits } from '@holdfast/protocol'
import type { OutboxLimits } from './options.ts'

/** A publish or a request, or what tells the hub of a subscription: each takes an upstream number. */
export interface Outgoing {
  readonly kind: 'publish' | 'request' | 'subscribe' | 'unsubscribe'
  /** The JSON of what follows the number. */
  readonly rest: string
  /** At most what its line takes. */
  readonly bytes: number
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
  let next = 1
  let messages = 0
  let bytes = 0
  let queued: Entry[] = []
  let resend: Entry[] = []
  const flying = new Map<number, Entry>()
  const asked = new Map<number, Entry>()

  function settle(entry: Entry): boolean {
    if (entry.settled) return false
    entry.settled = true
    if (isMessage(entry)) {
      messages--
      bytes -= entry.bytes
    }
    return true
  }

  const fail = (entry: Entry, code: string, message: string, outcome: Outcome) =>
    settle(entry) && entry.failed?.(new HoldfastError(code, message, { outcome }))

  function take(entries: Iterable<Entry>, code: string, message: string, outcome: Outcome): void {
    for (const entry of [...entries]) fail(entry, code, message, outcome)
  }

  function remove(from: Map<number, Entry>, n: number): Entry | undefined {
    const entry = from.get(n)
    from.delete(n)
    return entry
  }

  const isFull = () => messages > limits.maxCount || bytes > limits.maxBytes

  /** The oldest number without a receipt bounds what may be handed over: the hub keeps that many receipts. */
  function isOpen(): boolean {
    for (const n of flying.keys()) return next - n < wireLimits.window
    return true
  }

  function lineOf(entry: Entry, again: boolean): string {
    // The hello has said what is subscribed, and what was given up shall not happen.
    if (again && (entry.settled || !isMessage(entry))) return encodeFrame(['skip', entry.n])
    return `["${entry.kind}",${entry.n},${entry.rest}]`
  }

  return {
    /** Messages that wait to be sent, or for an answer. */
    get pending() {
      return messages
    },
    /** When the oldest number without a receipt was handed over, or null. */
    get oldestHandedAt(): number | null {
      for (const entry of flying.values()) return entry.handedAt
      return null
    },
    get hasLines() {
      return resend.length > 0 || (queued.length > 0 && isOpen())
    },

    /** Takes it in, in order. At a limit one fails with `queue-full`: this one, or the oldest that was never handed over. */
    add(outgoing: Outgoing): Abandon {
      const entry: Entry = { ...outgoing, n: 0, handedAt: 0, settled: false }
      queued.push(entry)
      if (isMessage(entry)) {
        messages++
        bytes += entry.bytes
        while (isFull() && !entry.settled) {
          const oldest =
            limits.overflow === 'reject' ? entry : (queued.find((one) => isMessage(one) && !one.settled) ?? entry)
          queued.splice(queued.indexOf(oldest), 1)
          fail(oldest, 'queue-full', 'too many messages are waiting', 'not-sent')
        }
      }
      return (code, message) => fail(entry, code, message, entry.n === 0 ? 'not-sent' : 'unknown')
    },

    /** The next lines to hand over, at most `room` bytes of them: first what must be sent again, then what fits the window. */
    take(room: number): string[] {
      const lines: string[] = []
      let left = room
      const takes = (entry: Entry) => {
        left -= entry.bytes
        return left >= 0 || lines.length === 0
      }
      while (resend[0] && (!flying.has(resend[0].n) || takes(resend[0]))) {
        const entry = resend.shift() as Entry
        if (flying.has(entry.n)) lines.push(lineOf(entry, true))
      }
      if (resend.length > 0) return lines
      while (queued[0] && isOpen() && (queued[0].settled || takes(queued[0]))) {
        const entry = queued.shift() as Entry
        if (entry.settled) continue
        entry.n = next++
        entry.handedAt = now()
        flying.set(entry.n, entry)
        lines.push(lineOf(entry, false))
      }
      return lines
    },

    /** A new link: all that is unanswered goes again; subscriptions that were never handed over are in its hello. */
    resendAll(): void {
      resend = [...flying.values()]
      queued = queued.filter(isMessage)
    },

    received(n: number, cursor?: Cursor): void {
      const entry = remove(flying, n)
      if (entry?.kind === 'request' && !entry.settled) asked.set(n, entry)
      else if (entry && settle(entry)) entry.done?.(cursor)
    },
    rejected(n: number, code: string, message: string): void {
      const entry = remove(flying, n)
      if (entry) fail(entry, code, message, 'rejected')
    },
    /** A request's answer; it may overtake the receipt. */
    answered(n: number, failed: boolean, data: unknown): void {
      const entry = remove(asked, n) ?? flying.get(n)
      if (!entry) return
      if (failed) fail(entry, ...(data as [string, string]), 'rejected')
      else if (settle(entry)) entry.done?.(data)
    },
    /** The answers to what was asked may be lost. */
    loseAnswers(code: string, message: string): void {
      const requests = [...asked.values(), ...flying.values()].filter((entry) => entry.kind === 'request')
      asked.clear()
      take(requests, code, message, 'unknown')
    },

    /** The path cannot carry this line: it is rejected, and its number sent as skipped. */
    tooLarge(line: string): void {
      const entry = flying.get((JSON.parse(line) as [string, number])[1])
      if (!entry) return
      fail(entry, 'too-large', 'a proxy on the way refuses a message of this size', 'rejected')
      resend.unshift(entry)
    },

    /** The session is gone: what was handed over may or may not have been applied. Numbers begin again. */
    renew(): void {
      const lost = [...flying.values(), ...asked.values()]
      flying.clear()
      asked.clear()
      resend = []
      next = 1
      take(lost, 'session-lost', 'the session was lost before the answer came', 'unknown')
    },
    /** Gives up what was never handed over. */
    failQueued(code: string, message: string): void {
      const waiting = queued.filter(isMessage)
      queued = queued.filter((entry) => !isMessage(entry))
      take(waiting, code, message, 'not-sent')
    },
    /** Gives up what was handed over. */
    failHanded(code: string, message: string): void {
      take([...flying.values(), ...asked.values()], code, message, 'unknown')
      asked.clear()
    },
  }
}
