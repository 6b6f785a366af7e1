import { describe, expect, test } from 'vitest'
import { explore, stateOf } from './exploration.ts'
import { invariants, restOf } from './invariants.ts'
import { manners } from './manners.ts'
import { entriesOf, expectedOf, outcomeOf } from './outcome.ts'
import { passing, table } from './table.ts'
import { strandedOf, ways } from './ways.ts'

const explored = [['websocket'], ['websocket', 'sse'], ['websocket', 'sse', 'poll']].map(explore)
const steps = explored.flatMap((one) => one.steps)
const rests = explored.flatMap(({ rests }) => rests.map(restOf))

describe('the table', () => {
  test('says what each event does in each state', () => {
    const wrong = new Set<string>()
    for (const step of steps) {
      const { outcome, by } = expectedOf(step)
      const seen = outcomeOf(step)
      if (seen !== outcome) wrong.add(`${stateOf(step.before)} + ${step.event}, if ${by}: ${seen}, not ${outcome}`)
    }
    expect([...wrong]).toEqual([])
  })

  test('has no entry that never comes true', () => {
    const seen = new Set(steps.map((step) => `${stateOf(step.before)} + ${step.event}, if ${expectedOf(step).by}`))
    const entries = Object.entries(table).flatMap(([state, row]) =>
      Object.entries(row).flatMap(([event, expected]) =>
        entriesOf(expected)
          .filter(([, outcome]) => outcome !== '-')
          .map(([by]) => `${state} + ${event}, if ${by}`),
      ),
    )
    expect(entries.filter((entry) => !seen.has(entry))).toEqual([])
  })
})

describe('the invariants', () => {
  test.each(invariants.map((one, index) => [index + 1, one] as const))('%i.', (_, { words, holds }) => {
    const broken = new Set(rests.filter((rest) => !holds(rest)).map(({ state }) => state))
    expect([...broken], words).toEqual([])
  })
  test.each(manners.map((one, index) => [index + 1, one] as const))('m %i.', (_, { words, holds }) => {
    const broken = new Set(
      steps.filter((step) => !holds(step)).map((step) => `${stateOf(step.before)} + ${step.event}`),
    )
    expect([...broken], words).toEqual([])
  })
  test.each(ways.map((one, index) => [index + 1, one] as const))('w %i.', (_, way) => {
    expect(
      explored.flatMap((one) => strandedOf(one, way)),
      way.words,
    ).toEqual([])
  })
})
void passing
