import type { Context } from '../context.ts'
import { fault } from '../faults.ts'

/** Lets in few at a time: those who come all at once, after a restart, must not keep the hub from those who are in already. */
export interface Turnstile {
  /** Resolves when it is one's turn. Throws the fault `later` where too many are at it already. */
  enter(): Promise<void>
  /** One is through, or was refused. */
  leave(): void
}

const inOneTurn = 5
const windowMs = 1_000
const leastDelayMs = 1_000

/**
 * At most `limits.handshakes` at once, and of them few in one turn of the event loop. Those beyond it are told times at which
 * there will be room: one after the other, as fast as others get through.
 */
export function createTurnstile({ clock, settings }: Context): Turnstile {
  const { limits, handshakeMs } = settings
  const defer = clock.defer ?? queueMicrotask
  // The slowest that can be: each takes as long as it may.
  const leastRate = limits.handshakes / handshakeMs
  let waiting: (() => void)[] = []
  let pending = 0
  let begun = 0
  let through = 0
  let windowAt = clock.now()
  let ratePerMs = 0
  let roomAt = 0

  return {
    async enter() {
      if (pending >= limits.handshakes) throw fault('later', 'too many connect at once', laterMs())
      pending++
      if (begun === 0) defer(turn)
      if (begun++ >= inOneTurn) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    leave() {
      pending--
      through++
      const passedMs = clock.now() - windowAt
      if (passedMs < windowMs) return
      ratePerMs = through / passedMs
      through = 0
      windowAt += passedMs
    },
  }

  function turn(): void {
    const next = waiting.slice(0, inOneTurn)
    waiting = waiting.slice(inOneTurn)
    begun = next.length
    if (begun > 0) defer(turn)
    for (const go of next) go()
  }

  function laterMs(): number {
    const now = clock.now()
    roomAt = Math.max(now + leastDelayMs, roomAt) + 1 / Math.max(leastRate, ratePerMs)
    return Math.round(roomAt - now)
  }
}
