import { seeded } from '../support/seeded.ts'

/** Chance from a seed: the same seed gives the same draws. */
export interface Dice {
  /** In [0, 1). */
  next(): number
  /** An integer in [0, count). */
  pick(count: number): number
  chance(probability: number): boolean
  between(least: number, most: number): number
  of<T>(items: readonly T[]): T
  /** Dice of its own for a part, so that what one part draws moves no other. */
  fork(): Dice
}

export function createDice(seed: number): Dice {
  const next = seeded(seed)
  const pick = (count: number) => Math.floor(next() * count)
  return {
    next,
    pick,
    chance: (probability) => next() < probability,
    between: (least, most) => least + next() * (most - least),
    of: (items) => items[pick(items.length)] as (typeof items)[number],
    fork: () => createDice(pick(2 ** 31)),
  }
}
