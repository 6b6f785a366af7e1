import type { Frame, UpFrame } from '@holdfast/protocol'
import type { Clock } from './clock.ts'
import type { MachineEvent } from './vocabulary.ts'

const minTimeoutMs = 600
const maxTimeoutMs = 1_500
/** A timer this late did not run late: the machine slept. */
const sleptMs = 3_000
const maxSuspicions = 4
const uplinkBytesPerMs = 64
const maxUplinkMs = 10_000

/**
 * Watches the link that carries: silence beyond the hub's heartbeat, and messages without an answer, each ask for a proof by
 * `ping`; a ping unanswered in a time learned from the round trip makes the link suspect. A pong makes it trusted again; the
 * first one of each link is told too.
 * @param oldestHandedAt when the oldest unanswered message was handed over
 * @param flyingBytes of all unanswered messages
 */
export function createPulse(
  clock: Clock,
  say: (frame: UpFrame) => void,
  send: (event: MachineEvent) => void,
  oldestHandedAt: () => number | undefined,
  flyingBytes: () => number,
) {
  let timer: unknown = null
  let dueAt = 0
  /** 0 while no link is watched. */
  let heartbeatMs = 0
  let heardAt = 0
  let pongedAt = 0
  let resends = false
  let pingId = 0
  let pingedAt: number | null = null
  /** Null until the link has answered, or was found suspect. */
  let isTrusted: boolean | null = null
  // In a row, on whatever links: when none answers, the next is given longer each time.
  let suspicions = 0
  let smoothed: number | null = null
  let deviation = 0

  /** Retransmission time-out as of RFC 6298, 2, within bounds that people notice. */
  const timeoutMs = () =>
    smoothed === null ? maxTimeoutMs : Math.min(maxTimeoutMs, Math.max(minTimeoutMs, 2 * smoothed + 4 * deviation))

  /** What large messages may take on a slow way up, which the ping has to queue behind. */
  const uplinkMs = () => Math.min(maxUplinkMs, flyingBytes() / uplinkBytesPerMs)

  /** When something is overdue. */
  function nextCheck(): number {
    if (pingedAt !== null) {
      // While the stream speaks it is the way up that is slow or broken: what is POSTed is sent again by itself.
      const spokeAt = resends ? heardAt : Math.min(heardAt, pingedAt + timeoutMs())
      return Math.max(pingedAt, spokeAt) + timeoutMs() * 2 ** suspicions + uplinkMs()
    }
    const handedAt = oldestHandedAt() ?? Number.POSITIVE_INFINITY
    return Math.min(heardAt + 1.3 * heartbeatMs, Math.max(handedAt, pongedAt) + timeoutMs())
  }

  /** Something that wants an answer may have gone up. */
  function arm(): void {
    // Once it is suspect, only a pong changes that.
    if (!heartbeatMs || isTrusted === false) return
    // A clock that was set back has it all in the future.
    const now = clock.now()
    heardAt = Math.min(heardAt, now)
    pongedAt = Math.min(pongedAt, now)
    if (pingedAt !== null) pingedAt = Math.min(pingedAt, now)
    const at = nextCheck()
    if (timer !== null && dueAt <= at) return
    clock.clearTimeout(timer)
    dueAt = at
    timer = clock.setTimeout(check, Math.max(0, at - now))
  }

  function check(): void {
    timer = null
    const now = clock.now()
    if (now - dueAt > sleptMs) {
      // What was awaited begins anew.
      heardAt = pongedAt = now
      if (pingedAt !== null) pingedAt = now
      send({ type: 'network.hint' })
    } else if (now >= nextCheck()) {
      if (pingedAt === null) prove()
      else {
        isTrusted = false
        suspicions = Math.min(suspicions + 1, maxSuspicions)
        send({ type: 'link.suspect' })
      }
    }
    arm()
  }

  /** Asks for a sign of life now. */
  function prove(): void {
    if (!heartbeatMs) return
    pingedAt = clock.now()
    say(['ping', ++pingId])
    arm()
  }

  function stop(): void {
    heartbeatMs = 0
    clock.clearTimeout(timer)
    timer = null
    pingedAt = null
    isTrusted = null
  }

  return {
    get rttMs() {
      return smoothed && Math.round(smoothed * 10) / 10
    },
    start(beatMs: number, hasPosts: boolean): void {
      stop()
      resends = hasPosts
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
    arm,
    pong([, id]: Frame<'pong'>): void {
      if (id !== pingId || pingedAt === null) return
      const sample = Math.max(0, Math.min(clock.now() - pingedAt, maxUplinkMs))
      deviation = smoothed === null ? sample / 2 : 0.75 * deviation + 0.25 * Math.abs(smoothed - sample)
      smoothed = smoothed === null ? sample : 0.875 * smoothed + 0.125 * sample
      pingedAt = null
      pongedAt = clock.now()
      suspicions = 0
      if (!isTrusted) {
        isTrusted = true
        send({ type: 'link.trusted' })
      }
      arm()
    },
  }
}
