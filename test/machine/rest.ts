import type { State } from '../../packages/client/src/machine.ts'
import type { Race } from '../../packages/client/src/race.ts'
import { type ConnectionState, project, type Snapshot } from '../../packages/client/src/status.ts'

/** The machine at rest, as it is judged. */
export interface Rest {
  readonly state: State
  /** With its clock standing at the moment when the snapshot came about. */
  readonly race: Race
  readonly shown: ConnectionState
}

export function restOf(snapshot: Snapshot): Rest {
  const shown = show(snapshot)
  const now = timeOf(snapshot.context)
  return { state: shown.state as State, race: { ...snapshot.context, now: () => now }, shown }
}

/** Time stands while a link carries, so that its age is what the stimulus says. */
export const timeOf = ({ carrier, contenders, lastError }: Race): number =>
  carrier?.since ?? Math.max(0, lastError?.at ?? 0, ...contenders.map(({ startedAt }) => startedAt))

const known = new WeakMap<Snapshot, State>()

/** The leaf as a path, as the public projection says it. */
export function stateOf(snapshot: Snapshot): State {
  const state = known.get(snapshot) ?? (show(snapshot).state as State)
  known.set(snapshot, state)
  return state
}

const show = (snapshot: Snapshot): ConnectionState => project(snapshot, { rttMs: null, pending: 0 })
