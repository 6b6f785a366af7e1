import { seeded } from '../support/world.ts'

/** Chance, the same for the same seed and number. */
export interface Dice {
  /** In [0, 1). */
  roll(): number
  /** A whole number from 0, below `most`. */
  below(most: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
}

export function createDice(seed: number, n: number): Dice {
  // Neighbours must not have neighbouring streams.
  const roll = seeded(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(n + 1, 0xc2b2ae35))
  const below = (most: number) => Math.floor(roll() * most)
  return {
    roll,
    below,
    chance: (probability) => roll() < probability,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
  }
}
