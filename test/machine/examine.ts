import type { State } from '../../packages/client/src/machine.ts'
import { type Environment, explore, type Witness } from './exploration.ts'
import { laws } from './laws.ts'
import { expectedOf, outcomeOf } from './outcome.ts'
import { type Rest, restOf, stateOf } from './rest.ts'
import type { Event } from './stimuli.ts'
import { strandedOf } from './ways.ts'

export interface Findings {
  /** Where the machine rests, with one, two and three transports. */
  readonly rested: readonly ReadonlySet<State>[]
  /** What it left by itself. */
  readonly left: ReadonlySet<State>
  readonly heard: ReadonlySet<Event>
  /** Where it did something else than the table says. */
  readonly wrong: ReadonlySet<string>
  /** Which case of which cell came true. */
  readonly seen: ReadonlySet<string>
  /** Where each law does not hold, by its number. */
  readonly broken: ReadonlyMap<number, ReadonlySet<string>>
  /** What people are shown in each state: values of `phase`, and whether the others are null. */
  readonly shown: ReadonlyMap<State, Record<ShownField, ReadonlySet<string>>>
}

const shownFields = ['phase', 'transport', 'reason', 'retryAt'] as const
export type ShownField = (typeof shownFields)[number]

/** The best one alone, what Node 20 has without a WebSocket of its own, and all. */
const environments: readonly Environment[] = [
  { transports: ['websocket'], missing: null },
  { transports: ['sse', 'poll'], missing: 'websocket-missing' },
  { transports: ['websocket', 'sse', 'poll'], missing: null },
]

/** Explores the machine with one, two and three transports, and holds the table and the laws against it. */
export function examine(): Findings {
  const rested: Set<State>[] = []
  const left = new Set<State>()
  const heard = new Set<Event>()
  const wrong = new Set<string>()
  const seen = new Set<string>()
  const broken = new Map(laws.map(({ number }) => [number, new Set<string>()]))
  const shown = new Map<State, Record<ShownField, Set<string>>>()

  const witness: Witness = {
    sees(step) {
      const state = stateOf(step.before)
      heard.add(step.event)
      if (step.event === 'always') left.add(state)
      const { outcome, by } = expectedOf(step)
      const entry = entryOf(state, step.event, by)
      seen.add(entry)
      const actual = outcomeOf(step)
      if (actual !== outcome) wrong.add(`${entry}: ${actual}, not ${outcome}`)
      for (const law of laws)
        if (law.of === 'step' && !law.holds(step)) broken.get(law.number)?.add(`${state} + ${step.event}`)
    },
    rests(snapshot) {
      const rest = restOf(snapshot)
      rested.at(-1)?.add(rest.state)
      note(rest)
      const violated = laws.filter((law) => law.of === 'snapshot' && !law.holds(rest))
      for (const { number } of violated) broken.get(number)?.add(rest.state)
      return violated.length === 0
    },
  }

  function note({ state, shown: { phase, ...others } }: Rest): void {
    const kinds = shown.get(state) ?? { phase: new Set(), transport: new Set(), reason: new Set(), retryAt: new Set() }
    shown.set(state, kinds)
    kinds.phase.add(phase)
    for (const field of shownFields) if (field !== 'phase') kinds[field].add(others[field] === null ? 'null' : 'yes')
  }

  for (const environment of environments) {
    rested.push(new Set())
    const explored = explore(environment, witness)
    for (const law of laws)
      if (law.of === 'way') for (const key of strandedOf(explored, law.way)) broken.get(law.number)?.add(key)
  }
  return { rested, left, heard, wrong, seen, broken, shown }
}

/** A case of a cell of the table. */
export const entryOf = (state: State, event: Event, by: string | null): string => `${state} + ${event}, if ${by}`
