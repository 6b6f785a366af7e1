import type { Clock } from './options.ts'

export interface PulseDeps {
  readonly clock: Clock
  /** Sends `ping` with this id. */
  ping(id: number): void
  /** When the oldest unanswered message was handed over. */
  oldestHandedAt(): number | undefined
  suspect(): void
  trusted(): void
  /** The clock has jumped: the machine slept. */
  woke(): void
  /** The smoothed round-trip time has changed. */
  measured(): void
}

const minTimeoutMs = 600
const maxTimeoutMs = 1_500
/** A timer this late did not run late: the machine slept. */
const sleptMs = 3_000

export type Pulse = ReturnType<typeof createPulse>

/**
 * Watches the link that carries: silence beyond the hub's heartbeat, and messages without an answer, each ask for a proof by
 * `ping`; a ping unanswered in a time learned from the round trip makes the link suspect. A pong makes it trusted again.
 */
export function createPulse(deps: PulseDeps) {
  const { clock } = deps
  let timer: unknown = null
  let dueAt = 0
  let watching = false
  let heartbeatMs = 0
  let heardAt = 0
  let pingId = 0
  let pingedAt: number | null = null
  let isSuspect = false
  let smoothed: number | null = null
  let deviation = 0

  /** Retransmission time-out as of RFC 6298, 2, within bounds that people notice. */
  const timeoutMs = () =>
    smoothed === null ? maxTimeoutMs : Math.min(maxTimeoutMs, Math.max(minTimeoutMs, 2 * smoothed + 4 * deviation))

  function nextCheck(): number {
    if (pingedAt !== null) return isSuspect ? Number.POSITIVE_INFINITY : pingedAt + timeoutMs()
    const silent = heardAt + 1.3 * heartbeatMs
    const handedAt = deps.oldestHandedAt()
    return handedAt === undefined ? silent : Math.min(silent, Math.max(handedAt, heardAt) + timeoutMs())
  }

  function arm(): void {
    const at = nextCheck()
    if (timer !== null && dueAt <= at) return
    clock.clearTimeout(timer)
    timer = null
    if (at === Number.POSITIVE_INFINITY) return
    dueAt = at
    timer = clock.setTimeout(check, Math.max(0, at - clock.now()))
  }

  function check(): void {
    timer = null
    const now = clock.now()
    if (now - dueAt > sleptMs) {
      deps.woke()
      if (watching) prove()
    } else if (now >= nextCheck()) {
      if (pingedAt === null) prove()
      else {
        isSuspect = true
        deps.suspect()
      }
    }
    if (watching) arm()
  }

  /** Asks for a sign of life now. */
  function prove(): void {
    if (!watching) return
    pingedAt = clock.now()
    deps.ping(++pingId)
    arm()
  }

  return {
    get rttMs() {
      return smoothed === null ? null : Math.round(smoothed * 10) / 10
    },
    start(beatMs: number): void {
      stop()
      watching = true
      heartbeatMs = beatMs
      heardAt = clock.now()
      prove()
    },
    stop,
    prove,
    /** Anything came down the link. */
    heard(): void {
      heardAt = clock.now()
    },
    /** The hub's heartbeat: an idle link is measured with it. */
    beat(): void {
      if (pingedAt === null) prove()
    },
    /** Something that wants an answer may have gone up. */
    sent(): void {
      if (watching) arm()
    },
    pong(id: number): void {
      if (id !== pingId || pingedAt === null) return
      const sample = clock.now() - pingedAt
      deviation = smoothed === null ? sample / 2 : 0.75 * deviation + 0.25 * Math.abs(smoothed - sample)
      smoothed = smoothed === null ? sample : 0.875 * smoothed + 0.125 * sample
      pingedAt = null
      if (isSuspect) {
        isSuspect = false
        deps.trusted()
      }
      deps.measured()
      arm()
    },
  }

  function stop(): void {
    watching = false
    clock.clearTimeout(timer)
    timer = null
    pingedAt = null
    isSuspect = false
  }
}
