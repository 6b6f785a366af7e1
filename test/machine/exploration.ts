import { type ActorLogic, getInitialSnapshot, getMicrosteps } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { connectionMachine, type State } from '../../packages/client/src/machine.ts'
import { defaultTiming } from '../../packages/client/src/options.ts'
import type { Race, RaceInput, Try } from '../../packages/client/src/race.ts'
import { noRoutes, routeOf } from '../../packages/client/src/routes.ts'
import type { Snapshot } from '../../packages/client/src/status.ts'
import { stateOf, timeOf } from './rest.ts'
import { type Event, type Stimulus, stimuliOf } from './stimuli.ts'

/** One microstep of the machine: what an event does, or what a state does by itself right after it was entered. */
export interface Step {
  readonly event: Event
  readonly stimulus: Stimulus
  readonly before: Snapshot
  readonly after: Snapshot
  /** Types of what the interpreter was asked to do: `prove`, `ask`, and the timers that were set and cancelled. */
  readonly actions: readonly string[]
}

/** From one snapshot in which the machine rests to another one. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly name: Event
}

export interface Exploration {
  /** Those that differ in what matters, by that. */
  readonly states: ReadonlyMap<string, State>
  readonly moves: readonly Move[]
}

/** Hears of all that happens on the way; keeping it all would take longer than the exploration. */
export interface Witness {
  sees(step: Step): void
  /** Answers whether the exploration goes on from there: what is broken may grow for ever. */
  rests(snapshot: Snapshot): boolean
}

export type Environment = Pick<RaceInput, 'transports' | 'missing'>

/** All that the machine can come to where there are these transports, by the real machine and `xstate/graph`. */
export function explore(environment: Environment, witness: Witness): Exploration {
  const world = { now: 0, offline: false }
  const start = getInitialSnapshot(connectionMachine, inputOf(environment, world))
  const states = new Map([[keyOf(start), stateOf(start)]])
  const moves: Move[] = []
  let next: Snapshot

  /** Lets the real machine take it, in the world that the stimulus tells of. Answers whether it leads to anything new. */
  function take(before: Snapshot, stimulus: Stimulus): boolean {
    world.now = timeOf(before.context) + (stimulus.ageMs ?? 0)
    world.offline = stimulus.offline ?? false
    next = before
    let event: Event = stimulus.name
    for (const [after, actions] of getMicrosteps(connectionMachine, before, stimulus as never)) {
      witness.sees({ event, stimulus, before: next, after, actions: actions.map(({ type }) => type) })
      next = after
      event = 'always'
    }
    if (next === before) return false
    const isSound = witness.rests(next)
    const to = keyOf(next)
    const isNew = !states.has(to)
    moves.push({ from: keyOf(before), to, name: stimulus.name })
    states.set(to, stateOf(next))
    return isNew && isSound
  }

  witness.rests(start)
  getAdjacencyMap(
    { ...connectionMachine, transition: () => next } as unknown as ActorLogic<Snapshot, Stimulus, unknown>,
    {
      fromState: start,
      events: stimuliOf,
      // Asked right before each transition. What leads to nothing new needs not be followed.
      filterEvents: take,
      serializeState: keyOf,
      serializeEvent: ({ type, id, loss, ageMs, offline }) => [type, id, loss?.code, ageMs, offline].join(' '),
      limit: 30_000,
    },
  )
  return { states, moves }
}

const inputOf = (environment: Environment, world: { now: number; offline: boolean }): RaceInput => ({
  ...environment,
  routes: noRoutes,
  timing: defaultTiming,
  now: () => world.now,
  random: () => 0.5,
  isOffline: () => world.offline,
  prove() {},
})

const keys = new WeakMap<Snapshot, string>()

/**
 * What tells snapshots apart: all that guards ask and all that can be seen, without what only makes a pause longer. Numbers
 * that grow for ever count by their meaning: the round of a try by whether it is the present one, a count by its threshold.
 */
function keyOf(snapshot: Snapshot): string {
  const known = keys.get(snapshot)
  if (known !== undefined) return known
  const { transports, untried, contenders, carrier, routes, refusals, wasOnline } = snapshot.context
  const state = stateOf(snapshot)
  // To prefer the best one makes no difference.
  const preferred = routes.preferred === transports[0] ? null : routes.preferred
  const quickLosses = transports.map((name) => Math.min(routeOf(routes, name).quickLosses, 3))
  const tries = contenders.map((one) => tryKey(one, snapshot.context, state)).sort()
  const key = [
    state,
    untried,
    tries,
    carrier?.name,
    carrier?.answered,
    preferred,
    quickLosses,
    refusals > 0,
    wasOnline,
  ].join(' ')
  keys.set(snapshot, key)
  return key
}

function tryKey(one: Try, { round }: Race, state: State): string {
  const racing = state.startsWith('connecting') || state === 'online.suspect'
  return `${one.name}${racing && one.round < round ? '-' : ''}${one.proved ? '!' : ''}`
}
