import type { SnapshotFrom } from 'xstate'
import type { connectionMachine, TopState } from './machine.ts'
import { isBest, isBetter } from './race.ts'
import { routeOf } from './routes.ts'

export type Phase = 'idle' | 'connecting' | 'online' | 'reconnecting' | 'offline' | 'closed' | 'failed'

/** What a person may want to know of a connection, at any moment. */
export interface ConnectionState {
  readonly phase: Phase
  /** The transport that carries the session: 'websocket', 'sse', 'poll' or one of your own; null while there is none. */
  readonly transport: string | null
  /**
   * Why not a better transport: 'trying' (it is being tried now), 'remembered' (it did not work here before), or what became
   * of its last try, such as 'refused', 'cut', 'swallowed', 'silent', 'flapping', 'websocket-missing'. Null on the best one.
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
  /** Why the most preferred transport cannot exist here; null if it can. */
  readonly missing: string | null
}

export type Snapshot = SnapshotFrom<typeof connectionMachine>

/** The one projection of the machine and the gauges. */
export function project(snapshot: Snapshot, gauges: Gauges): ConnectionState {
  const { context, value } = snapshot
  const [[top, inner]] = (typeof value === 'string' ? [[value]] : Object.entries(value)) as [[TopState, string?]]
  return {
    phase: phaseOf(top, context.wasOnline),
    transport: context.carrier?.name ?? null,
    reason: reasonOf(snapshot, gauges),
    attempt: context.attempt,
    retryAt: context.retryAt,
    rttMs: gauges.rttMs,
    pending: gauges.pending,
    lastError: context.lastError,
    state: inner ? `${top}.${inner}` : top,
  }
}

/** What each of the machine's states is to a person. */
const phases = {
  idle: 'idle',
  connecting: 'connecting',
  online: 'online',
  switching: 'connecting',
  waiting: 'connecting',
  offline: 'offline',
  parked: 'offline',
  closing: 'closed',
  closed: 'closed',
  failed: 'failed',
} as const satisfies Record<TopState, Phase>

function phaseOf(state: TopState, wasOnline: boolean): Phase {
  const phase = phases[state]
  return phase === 'connecting' && wasOnline ? 'reconnecting' : phase
}

function reasonOf({ context }: Snapshot, { missing }: Gauges): string | null {
  const { carrier, routes, transports, contenders } = context
  const [best] = transports
  if (!carrier || best === undefined) return null
  if (isBest(context)) return missing
  const { setback } = routeOf(routes, best)
  const isTrying = contenders.some((one) => isBetter(context, one.name, carrier.name))
  return setback ?? (isTrying ? 'trying' : 'remembered')
}
