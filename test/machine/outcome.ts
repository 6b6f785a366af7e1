import { type Case, cases } from './cases.ts'
import type { Step } from './exploration.ts'
import { stateOf } from './rest.ts'
import { type Expected, type Outcome, table } from './table.ts'

/** What a step did, in the words of the table. */
export function outcomeOf({ before, after, actions }: Step): Outcome {
  const from = stateOf(before)
  const to = stateOf(after)
  if (to !== from) return to
  const isKept = after.context === before.context
  // A state that is entered anew starts its timer over, or what is tried in it.
  if (actions.includes('xstate.cancel') || (actions.includes('prove') && !isKept)) return to
  if (actions.includes('prove')) return 'prove'
  return actions.length > 0 || !isKept ? 'stay' : '-'
}

/** What the table says that it does, and by which case; none where the cell knows none, or where no case holds. */
export function expectedOf({ event, stimulus, before }: Step): { outcome: Outcome; by: Case | null } {
  const expected = table[stateOf(before)][event]
  const found = entriesOf(expected).find(([name]) => cases[name].holds(before.context, stimulus))
  return found ? { by: found[0], outcome: found[1] } : { by: null, outcome: '-' }
}

/** A cell as its cases, in order. */
export const entriesOf = (expected: Expected): [Case, Outcome][] =>
  typeof expected === 'string' ? [['otherwise', expected]] : (Object.entries(expected) as [Case, Outcome][])
