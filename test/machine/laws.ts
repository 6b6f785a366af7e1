import type { Step } from './exploration.ts'
import { invariants } from './invariants.ts'
import { manners } from './manners.ts'
import type { Rest } from './rest.ts'
import { type Way, ways } from './ways.ts'

/** What is shown of the machine over all that it can come to: of each snapshot, of each step, or of the ways on. */
export type Law = {
  /** From 1; docs/machine.md and the tests name it so. */
  readonly number: number
  readonly words: string
} & (
  | { readonly of: 'snapshot'; holds(rest: Rest): boolean }
  | { readonly of: 'step'; holds(step: Step): boolean }
  | { readonly of: 'way'; readonly way: Way }
)

export const laws: readonly Law[] = [
  ...invariants.map((one) => ({ ...one, of: 'snapshot' as const })),
  ...manners.map((one) => ({ ...one, of: 'step' as const })),
  ...ways.map((way) => ({ way, words: way.words, of: 'way' as const })),
].map((law, index) => ({ ...law, number: index + 1 }))
