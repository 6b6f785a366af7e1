import type { Context } from './context.ts'
import type { Presence } from './presence/presence.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Topics } from './topics/topics.ts'
import type { PlainStreams } from './transports/plain-streams.ts'

/** One timer for all that is due by time: heartbeats, time-outs, what nobody needs any more. */
export interface Housekeeping {
  /** There is something to look after. */
  wake(): void
}

export function createHousekeeping(
  context: Context,
  {
    presence,
    sessions,
    streams,
    topics,
  }: { presence: Presence; sessions: Sessions; streams: PlainStreams; topics: Topics },
): Housekeeping {
  const { settings, timers } = context
  const tickMs = Math.min(500, Math.max(5, settings.heartbeatMs / 10))
  let running = false
  let topicsAt = context.uptime()

  const tick = () => {
    const now = context.uptime()
    sessions.sweep(now)
    streams.sweep(now)
    if (now - topicsAt >= settings.sessionTtlMs / 4) {
      topicsAt = now
      topics.sweep(now)
      presence.sweep()
    }
    running = sessions.size > 0 || streams.size > 0 || topics.size > 0 || presence.size > 0
    if (running) timers.after(tickMs, tick)
  }

  return {
    wake() {
      if (running) return
      running = true
      timers.after(tickMs, tick)
    },
  }
}
