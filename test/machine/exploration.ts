import { type ActorLogic, getInitialSnapshot, getMicrosteps } from 'xstate'
import { type AdjacencyValue, getAdjacencyMap } from 'xstate/graph'
import { connectionMachine, type State } from '../../packages/client/src/machine.ts'
import { defaultTiming } from '../../packages/client/src/options.ts'
import type { Race, RaceInput, Try } from '../../packages/client/src/race.ts'
import { noRoutes, routeOf } from '../../packages/client/src/routes.ts'
import { project, type Snapshot } from '../../packages/client/src/status.ts'
import { type Event, type Stimulus, stimuliOf } from './stimuli.ts'

/** One microstep of the machine: what an event does, or what a state does by itself right after it was entered. */
export interface Step {
  readonly event: Event
  readonly stimulus: Stimulus
  readonly before: Snapshot
  readonly after: Snapshot
  /** Types of what the interpreter was asked to do: `prove`, and the timers that were set and cancelled. */
  readonly actions: readonly string[]
}

/** From one snapshot in which the machine rests to the next. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly name: Event
}

export interface Exploration {
  /** In which the machine rests; by what tells them apart. */
  readonly snapshots: ReadonlyMap<string, Snapshot>
  /** All that were come to, also those which nothing that matters tells apart. */
  readonly rests: readonly Snapshot[]
  readonly moves: readonly Move[]
  readonly steps: readonly Step[]
}

/** All that the machine can come to with these transports, by the real machine and `xstate/graph`. */
export function explore(transports: readonly string[]): Exploration {
  const world = { now: 0, offline: false }
  const steps: Step[] = []
  const rests: Snapshot[] = []
  let next: Snapshot

  /** Lets the real machine take it, in the world that the stimulus tells of. Answers whether anything came of it. */
  function take(before: Snapshot, stimulus: Stimulus): boolean {
    world.now = timeOf(before.context) + (stimulus.ageMs ?? 0)
    world.offline = stimulus.offline ?? false
    next = before
    let event: Event = stimulus.name
    for (const [after, actions] of getMicrosteps(connectionMachine, before, stimulus as never)) {
      steps.push({ event, stimulus, before: next, after, actions: actions.map(({ type }) => type) })
      next = after
      event = 'always'
    }
    if (next === before) return false
    rests.push(next)
    return true
  }

  const logic = { ...connectionMachine, transition: () => next } as unknown as ActorLogic<Snapshot, Stimulus, RaceInput>
  const map = getAdjacencyMap<Snapshot, Stimulus, RaceInput>(logic, {
    fromState: getInitialSnapshot(connectionMachine, inputOf(transports, world)),
    events: stimuliOf,
    // Asked right before each transition: what comes to nothing needs not be followed.
    filterEvents: take,
    serializeState: keyOf,
    serializeEvent: ({ type, id, loss, ageMs, offline }) => [type, id, loss?.code, ageMs, offline].join(' '),
    limit: 1_000_000,
  })
  const found = Object.entries(map) as [string, AdjacencyValue<Snapshot, Stimulus>][]
  const snapshots = new Map(found.map(([key, { state }]) => [key, state]))
  const moves = found.flatMap(([from, { transitions }]) =>
    Object.values(transitions).map(({ event, state }) => ({ from, to: keyOf(state), name: event.name })),
  )
  return { snapshots, rests, moves, steps }
}

const inputOf = (transports: readonly string[], world: { now: number; offline: boolean }): RaceInput => ({
  transports,
  missing: null,
  routes: noRoutes,
  timing: defaultTiming,
  now: () => world.now,
  random: () => 0.5,
  isOffline: () => world.offline,
  prove() {},
})

/** Time stands while a link carries, so that its age is what the stimulus says. */
export const timeOf = ({ carrier, contenders, lastError }: Race): number =>
  carrier?.since ?? Math.max(0, lastError?.at ?? 0, ...contenders.map(({ startedAt }) => startedAt))

export const stateOf = (snapshot: Snapshot): State => project(snapshot, { rttMs: null, pending: 0 }).state as State

/**
 * What tells snapshots apart: all that guards ask and all that can be seen, without what only makes a pause longer. Numbers
 * that grow for ever count by their meaning: the round of a try by whether it is the present one, a count by its threshold.
 */
function keyOf(snapshot: Snapshot): string {
  const { context } = snapshot
  const { transports, untried, contenders, carrier, routes, refusals, wasOnline } = context
  const state = stateOf(snapshot)
  // To prefer the best one makes no difference.
  const preferred = routes.preferred === transports[0] ? null : routes.preferred
  const quickLosses = transports.map((name) => Math.min(routeOf(routes, name).quickLosses, 3))
  const tries = contenders.map((one) => tryKey(one, context, state)).sort()
  return [state, untried, tries, carrier?.name, preferred, quickLosses, refusals > 0, wasOnline].join(' ')
}

function tryKey(one: Try, { round }: Race, state: State): string {
  const racing = state.startsWith('connecting') || state === 'online.suspect'
  return `${one.name}${racing && one.round < round ? '-' : ''}${one.proved ? '!' : ''}`
}
