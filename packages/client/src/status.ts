import type { SnapshotFrom, StateValue } from 'xstate'
import type { connectionMachine } from './machine.ts'
import { better, isBest, rank } from './race.ts'
import { isResting, routeOf } from './routes.ts'

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
  /** Preferred transports that cannot exist here, and why. */
  readonly missing: Readonly<Record<string, string>>
}

export type Snapshot = SnapshotFrom<typeof connectionMachine>

/** The one projection of the machine and the gauges. */
export function project(snapshot: Snapshot, gauges: Gauges): ConnectionState {
  const { context, value } = snapshot
  return {
    phase: phaseOf(topState(value), context.wasOnline),
    transport: context.carrier?.name ?? null,
    reason: reasonOf(snapshot, gauges),
    attempt: context.attempt,
    retryAt: context.retryAt,
    rttMs: gauges.rttMs,
    pending: gauges.pending,
    lastError: context.lastError,
    state: pathOf(value),
  }
}

type TopState =
  | 'idle'
  | 'connecting'
  | 'online'
  | 'switching'
  | 'waiting'
  | 'offline'
  | 'parked'
  | 'closing'
  | 'closed'
  | 'failed'

function phaseOf(state: TopState, wasOnline: boolean): Phase {
  switch (state) {
    case 'idle':
      return 'idle'
    case 'connecting':
    case 'switching':
    case 'waiting':
      return wasOnline ? 'reconnecting' : 'connecting'
    case 'online':
      return 'online'
    case 'offline':
    case 'parked':
      return 'offline'
    case 'closing':
    case 'closed':
      return 'closed'
    case 'failed':
      return 'failed'
  }
}

function reasonOf({ context }: Snapshot, { missing }: Gauges): string | null {
  const { carrier, routes, transports, contenders } = context
  const [best] = transports
  if (!carrier || best === undefined) return null
  const [absent] = Object.values(missing)
  if (isBest(context)) return absent ?? null
  const trying = contenders.some((one) => rank(context, one.name) < rank(context, carrier.name))
  const { setback } = routeOf(routes, best)
  if (isResting(routes, best, context.now())) return setback ?? 'resting'
  if (setback) return setback
  if (trying) return 'trying'
  return better(context).length > 0 ? 'remembered' : null
}

const topState = (value: StateValue): TopState =>
  (typeof value === 'string' ? value : Object.keys(value)[0]) as TopState

export function pathOf(value: StateValue): string {
  if (typeof value === 'string') return value
  return Object.entries(value)
    .map(([state, inner]) => (inner === undefined ? state : `${state}.${pathOf(inner)}`))
    .join('+')
}
