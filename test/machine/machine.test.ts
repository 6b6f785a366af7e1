import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { getStateNodes } from 'xstate/graph'
import { connectionMachine, type State } from '../../packages/client/src/machine.ts'
import { stateWords } from '../../playground/src/words.ts'
import { documentOf } from './document.ts'
import { entryOf, examine } from './examine.ts'
import { laws } from './laws.ts'
import { entriesOf } from './outcome.ts'
import type { Event } from './stimuli.ts'
import { passing, table } from './table.ts'
import { eventWords } from './words.ts'

const findings = examine()
const states = Object.keys(table) as State[]
const events = Object.keys(eventWords) as Event[]
const sorted = (all: Iterable<string>): string[] => [...all].sort()

describe('what is reached', () => {
  test('is every leaf of the chart, and nothing else', () => {
    const leaves = getStateNodes(connectionMachine as never).filter(({ type }) => type === 'atomic' || type === 'final')
    expect(sorted(leaves.map(({ path }) => path.join('.')))).toEqual(sorted(states))
    expect(sorted(findings.rested[2] ?? [])).toEqual(sorted(states.filter((state) => !passing.includes(state))))
    expect(passing.filter((state) => !findings.left.has(state))).toEqual([])
  })

  test('with one transport is nothing in which another one is missed', () => {
    const unreached = states.filter((state) => !findings.rested[0]?.has(state))
    expect(sorted(unreached)).toEqual(sorted([...passing, 'online.lesser', 'online.trial', 'online.upgrading']))
  })

  test('comes by every event of the chart and of the table', () => {
    expect(sorted(findings.heard)).toEqual(sorted(events))
    const told = connectionMachine.events.filter((type) => !type.startsWith('xstate.'))
    expect(told.filter((type) => !(type in eventWords))).toEqual([])
  })
})

describe('the table', () => {
  test('says what each event does in each state', () => {
    expect([...findings.wrong]).toEqual([])
  })

  test('has no entry that never comes true', () => {
    const entries = states.flatMap((state) =>
      events.flatMap((event) =>
        entriesOf(table[state][event])
          .filter(([, outcome]) => outcome !== '-')
          .map(([by]) => entryOf(state, event, by)),
      ),
    )
    expect(entries.filter((entry) => !findings.seen.has(entry))).toEqual([])
  })
})

test.each(laws.map(({ number, words }) => [number, words] as const))('law %i: %s', (number) => {
  expect([...(findings.broken.get(number) ?? ['unheard of'])]).toEqual([])
})

describe('docs/machine.md', () => {
  test('is as the machine is now', () => {
    const written = readFileSync(new URL('../../docs/machine.md', import.meta.url), 'utf8')
    expect(written === documentOf(findings), 'docs/machine.md is old: run `npm run docs`').toBe(true)
  })

  test('has words for every state', () => {
    expect(sorted(Object.keys(stateWords))).toEqual(sorted(states))
  })
})
