import {
  type Cursor,
  encodeFrame,
  type Frame,
  HoldfastError,
  type Outcome,
  type Receipt,
  wireLimits,
} from '@holdfast/protocol'
import type { OutboxLimits } from './options.ts'
import { positionOf } from './wire-topic.ts'

/** A publish or a request, or what tells the hub of a subscription: each takes an upstream number. */
export type OutgoingKind = 'publish' | 'request' | 'subscribe' | 'unsubscribe'

/** Who made a message, and awaits what becomes of it: one of `done` and `failed` is called, once. */
export interface Maker {
  /** With a publish's receipt, or a request's answer. */
  readonly done: (value: unknown) => void
  readonly failed: (error: HoldfastError) => void
  /** With its number, when it is first handed over. */
  readonly sent: ((n: number) => void) | null
  /** Called before either: nothing can give it up any more. */
  readonly unwatch: (() => void) | null
}

export interface Entry {
  readonly kind: OutgoingKind
  /** The JSON of what follows the number. */
  readonly rest: string
  /** At most what its line takes. */
  readonly bytes: number
  readonly maker: Maker | undefined
  /** 0 until it is handed to a transport for the first time. */
  n: number
  handedAt: number
  /** Its maker has had an answer, or has given up. */
  settled: boolean
}

export type Outbox = ReturnType<typeof createOutbox>

/** A message that was never handed over. */
const isWaiting = (entry: Entry | null): entry is Entry => entry?.n === 0 && entry.maker !== undefined

/**
 * The idempotent producer: what is sent waits here in order, gets the next number when it is first handed to a transport, and
 * is sent again on each new link until its receipt has come. A request waits on for its answer.
 */
export function createOutbox(limits: OutboxLimits, now: () => number) {
  let messages = 0
  let bytes = 0
  /** In order: what was handed over, by number, null once its receipt has come; then what waits and nobody has given up. */
  let entries: (Entry | null)[] = []
  /** The number of the first of them. */
  let base = 1
  /** The oldest number without a receipt, the last that was handed over, and the last that was given to the present link. */
  let oldest = 1
  let last = 0
  let given = 0
  let flyingBytes = 0
  /** Requests by number, with a receipt or without, until they are settled. */
  const asked = new Map<number, Entry>()

  const handed = (n: number) => (n <= last ? entries[n - base] : null)

  function settle(entry: Entry, error: HoldfastError | null, value?: unknown): void {
    const { maker, n } = entry
    if (entry.settled || !maker) return
    entry.settled = true
    asked.delete(n)
    messages--
    bytes -= entry.bytes
    maker.unwatch?.()
    error ? maker.failed(error) : maker.done(value)
  }

  const fail = (entry: Entry, code: string, message: string, outcome: Outcome) =>
    settle(entry, new HoldfastError(`${code}`, message, { outcome }))

  function withdraw(entry: Entry, code: string, message: string): void {
    entries.splice(entries.indexOf(entry), 1)
    fail(entry, code, message, 'not-sent')
  }

  function failQueued(code: string, message: string): void {
    const failing = entries.filter(isWaiting)
    // All at once: to take one out moves those behind it.
    entries = entries.filter((entry) => !isWaiting(entry))
    for (const entry of failing) fail(entry, code, message, 'not-sent')
  }

  function failAsked(code: string, message: string): void {
    for (const entry of asked.values()) fail(entry, code, message, 'unknown')
  }

  function failHanded(code: string, message: string): void {
    for (const entry of entries) if (entry?.n) fail(entry, code, message, 'unknown')
    failAsked(code, message)
  }

  function landed(entry: Entry): void {
    entries[entry.n - base] = null
    flyingBytes -= entry.bytes
    while (oldest <= last && !handed(oldest)) oldest++
    // Many at a time: each moves all that wait.
    if (oldest - base < wireLimits.window) return
    entries.splice(0, oldest - base)
    base = oldest
  }

  /**
   * The next one for this link: first what must be sent again, then what fits the window. The hub keeps the receipts of a window,
   * counted from the oldest number that may be asked for again.
   */
  function nextEntry(): Entry | null | undefined {
    while (given < last && !handed(given + 1)) given++
    return given + 1 - oldest < wireLimits.window ? entries[given + 1 - base] : null
  }

  /** Hands it over. What was subscribed the hello has said, and what was given up shall not happen. */
  function lineOf(entry: Entry): string {
    given++
    if (entry.n === 0) {
      entry.n = ++last
      entry.handedAt = now()
      flyingBytes += entry.bytes
      if (entry.kind === 'request') asked.set(last, entry)
      entry.maker?.sent?.(last)
    } else if (entry.settled || !entry.maker) return skip(entry.n)
    return `["${entry.kind}",${entry.n},${entry.rest}]`
  }

  return {
    /** Messages that wait to be sent, or for an answer. */
    get pending() {
      return messages
    },
    /** When the oldest number without a receipt was handed over. */
    oldestHandedAt: () => handed(oldest)?.handedAt,
    /** Of everything without a receipt. */
    flyingBytes: () => flyingBytes,
    hasLines: () => !!nextEntry(),

    /** Takes it in, in order. At a limit one fails with `queue-full`: this one, or the oldest that was never handed over. */
    add(kind: OutgoingKind, rest: string, size: number, maker?: Maker): Entry {
      // Whole, for a fraction would be an object of its own.
      const entry: Entry = { kind, rest, bytes: Math.ceil(size), maker, n: 0, handedAt: 0, settled: false }
      entries.push(entry)
      if (maker) {
        messages++
        bytes += entry.bytes
      }
      while (!entry.settled && (messages > limits.maxCount || bytes > limits.maxBytes)) {
        const dropped = limits.overflow === 'reject' ? entry : (entries.find(isWaiting) as Entry)
        withdraw(dropped, 'queue-full', 'too many messages wait')
      }
      return entry
    },

    /** Its maker gives up. */
    abandon(entry: Entry, code: string, message: string): void {
      if (entry.n > 0) fail(entry, code, message, 'unknown')
      else if (!entry.settled) withdraw(entry, code, message)
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
      given = oldest - 1
      entries = entries.filter((entry) => entry?.n !== 0 || entry.maker)
    },

    receipt([, n, cursor]: Frame<'receipt'>): void {
      const entry = handed(n)
      if (!entry) return
      const { kind } = entry
      // One that names no place tells of no entry; what has no receipt is sent again on the next link.
      const receipt = kind === 'publish' && !entry.settled && receiptOf(cursor as Cursor)
      landed(entry)
      if (kind !== 'request') settle(entry, null, receipt)
    },
    reject([, n, code, message]: Frame<'reject'>): void {
      const entry = handed(n)
      if (!entry) return
      landed(entry)
      fail(entry, code, message, 'rejected')
    },
    /** A request's answer; it may overtake the receipt. */
    answered(n: number, failed: boolean, data: unknown): void {
      const entry = asked.get(n)
      if (!entry) return
      if (failed) {
        const [code, message] = data as [string, string]
        fail(entry, code, message, 'rejected')
      } else settle(entry, null, data)
    },

    /**
     * The path cannot carry this line. Answers the line that uses up its number, if it has one: the hub knows whether an earlier
     * path has carried it, and rejects it otherwise.
     */
    tooLarge(line: string): string | undefined {
      const [kind, n] = JSON.parse(line) as [string, number]
      return handed(n)?.kind === kind ? skip(n) : undefined
    },

    /** The session is gone: what was handed over may or may not have been applied. Numbers begin again. */
    renew(): void {
      failHanded('session-lost', 'the session was lost')
      entries = entries.filter(isWaiting)
      base = oldest = 1
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

const receiptOf = (cursor: Cursor): Receipt => ({ cursor, ...positionOf(cursor) })

const skip = (n: number): string => encodeFrame(['skip', n])
