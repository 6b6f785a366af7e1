import type { Dice } from '../dice.ts'
import type { Mutator } from '../mutate.ts'
import { createGibberish, type Gibberish } from './gibberish.ts'

/** A server that has gone mad, by whatever transport one comes to it. */
export interface Mad {
  readonly gibberish: Gibberish
  /** How often a link was opened, and how many lines came. */
  readonly attempts: number
  readonly lines: number
  attempt(): void
  heard(text: string): void
  told(text: string): void
  /** A close code and its reason. */
  close(): [code: number, reason: string]
  onCut(cut: () => void): void
  /** Ends what is open. */
  cut(): void
}

const reasons = [
  'later 100',
  'later -5',
  'later x',
  'later 99999999999',
  'session-lost',
  'jump',
  'unauthenticated',
  'malformed',
]

export function createMad(dice: Dice, mutator: Mutator, foreign: readonly string[], told: (text: string) => void): Mad {
  const cuts: (() => void)[] = []
  let attempts = 0
  let lines = 0

  return {
    gibberish: createGibberish(dice, mutator, dice.pick([0.1, 0.3, 0.8]), foreign),
    get attempts() {
      return attempts
    },
    get lines() {
      return lines
    },
    attempt: () => void attempts++,
    heard(text) {
      lines += text.split('\n').length
    },
    told,
    close() {
      const code = dice.pick([
        1000, 1006, 1011, 3000, 4000, 4003, 4004, 4050, 4051, 4099, 4100, 4200, 4300, 4399, 4999, 0, -1,
      ])
      const reason = dice.pick(reasons)
      return [code, dice.chance(0.3) ? mutator.text(reason) : reason]
    },
    onCut: (cut) => void cuts.push(cut),
    cut() {
      for (const cut of cuts.splice(0)) cut()
    },
  }
}
