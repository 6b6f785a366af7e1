import type { Broker } from './broker/broker.ts'
import type { Clock } from './clock.ts'
import type { Flusher } from './links/flusher.ts'
import type { Settings } from './settings.ts'
import type { Timers } from './timers.ts'
import type { LastRead } from './topics/last-read.ts'

/** What every part of one hub shares. */
export interface Context {
  readonly settings: Settings
  readonly clock: Clock
  /** ms since the hub began: small numbers, which take no memory of their own where each session keeps several. */
  uptime(): number
  readonly random: () => number
  readonly broker: Broker
  /** Nobody else has this broker: there is no other node to hear from, or to tell. */
  readonly sole: boolean
  /** This node's name, to tell its records from others'. */
  readonly node: string
  readonly flusher: Flusher
  readonly timers: Timers
  readonly lastRead: LastRead
  /** The one place where failures of hooks, listeners and the broker are told. */
  report(code: string, message: string, cause: unknown): void
  /** Counts a refusal. */
  refused(code: string): void
}
