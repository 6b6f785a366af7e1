import type { SnapshotFrom } from 'xstate'
import type { connectionMachine, TopState } from './machine.ts'
import { isBest, isBetter, type Race } from './race.ts'
import { routeOf } from './routes.ts'

export type Phase = 'idle' | 'connecting' | 'online' | 'reconnecting' | 'offline' | 'closed' | 'failed'

/** What a person may want to know of a connection, at any moment. */
export interface ConnectionState {
  readonly phase: Phase
  /** The transport that carries the session: 'websocket', 'sse', 'poll' or one of your own; null while there is none. */
  readonly transport: string | null
  /**
   * Why not a better transport: 'trying' (it is being tried now), 'remembered' (it did not work here before), or what became
   * of its last try, such as 'refused', 'cut', 'swallowed', 'silent', 'websocket-missing'. Null on the best one, and while
   * there is none, except for 'connections': other tabs hold those that the browser has for this host.
   */
  readonly reason: string | null
  /** Which attempt to connect this is, from 1; 0 while the connection is steady. */
  readonly attempt: number
  /** When the next attempt begins, in ms since 1970; null if none is waited for. */
  readonly retryAt: number | null
  /** Round-trip time in ms, smoothed; null before the first. */
  readonly rttMs: number | null
  /** Messages that wait to be sent, or for their receipt. */
  readonly pending: number
  readonly lastError: { readonly code: string; readonly message: string; readonly at: number } | null
  /** The machine's state as a path, such as 'online.lesser'. */
  readonly state: string
}

/** What is measured beside the machine. */
export interface Gauges {
  readonly rttMs: number | null
  readonly pending: number
}

export type Snapshot = SnapshotFrom<typeof connectionMachine>

/** The one projection of the machine and the gauges. */
export function project({ context, value }: Snapshot, gauges: Gauges): ConnectionState {
  const [[top, inner]] = (typeof value === 'string' ? [[value]] : Object.entries(value)) as [[TopState, string?]]
  const { carrier, attempt, retryAt, lastError, wasOnline } = context
  const phase = phases[top] ?? (top as Phase)
  return {
    phase: phase === 'connecting' && wasOnline ? 'reconnecting' : phase,
    transport: carrier?.name ?? null,
    reason: reasonOf(context),
    attempt,
    retryAt,
    ...gauges,
    lastError,
    state: inner ? `${top}.${inner}` : top,
  }
}

/** What those of the machine's states are to a person that are not called so. */
const phases: Readonly<Record<string, Phase>> = {
  switching: 'connecting',
  waiting: 'connecting',
  parked: 'offline',
  closing: 'closed',
} satisfies Record<Exclude<TopState, Phase>, Phase>

function reasonOf(race: Race): string | null {
  const { carrier, routes, transports, contenders, missing, lastError } = race
  if (!carrier) return lastError?.code === 'connections' ? lastError.code : null
  if (isBest(race)) return missing
  const isTrying = contenders.some((one) => isBetter(race, one.name, carrier.name))
  return routeOf(routes, transports[0]).setback ?? (isTrying ? 'trying' : 'remembered')
}
