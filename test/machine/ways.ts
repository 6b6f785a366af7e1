import type { State } from '../../packages/client/src/machine.ts'
import type { Exploration, Move } from './exploration.ts'
import { comesByItself } from './stimuli.ts'

export interface Way {
  readonly words: string
  from(state: State): boolean
  to(state: State): boolean
  /** What may be used on the way; all by default. */
  by?(move: Move): boolean
}

const isOver = (state: State): boolean => state === 'closing' || state === 'closed'
const asksForSomebody = (state: State): boolean => ['idle', 'parked', 'failed'].includes(state)

/** From each snapshot of these states there is a way to one of those. */
export const ways: readonly Way[] = [
  {
    words: 'From everywhere but `closing` and `closed` there is a way to be online.',
    from: (state) => !isOver(state),
    to: (state) => state.startsWith('online.'),
  },
  {
    words: 'From everywhere there is a way to `closed`.',
    from: () => true,
    to: (state) => state === 'closed',
  },
  {
    words:
      'From everywhere but `idle`, `parked`, `failed`, `closing` and `closed` time and the answers of the network alone lead to `online.settled`: nobody has to do anything, and no browser to say anything.',
    from: (state) => !isOver(state) && !asksForSomebody(state),
    to: (state) => state === 'online.settled',
    by: comesByItself,
  },
  {
    words: 'From `closing` time alone leads to `closed`.',
    from: (state) => state === 'closing',
    to: (state) => state === 'closed',
    by: ({ name }) => name.startsWith('after '),
  },
]

/** The snapshots from which this way is missing. */
export function strandedOf({ states, moves }: Exploration, { from, to, by = () => true }: Way): string[] {
  const sources = new Map<string, string[]>()
  for (const move of moves) {
    if (!by(move)) continue
    const known = sources.get(move.to)
    if (known) known.push(move.from)
    else sources.set(move.to, [move.from])
  }
  const there = new Set([...states].filter(([, state]) => to(state)).map(([key]) => key))
  // A set goes on over what is added meanwhile.
  for (const key of there) for (const source of sources.get(key) ?? []) there.add(source)
  return [...states].filter(([key, state]) => from(state) && !there.has(key)).map(([key]) => key)
}
