import { describe, expect, test } from 'vitest'
import { createTally } from '../playground/src/tally.ts'

type Step = number | 'gap' | 'new epoch'

const none = { lost: 0, doubled: 0, reordered: 0, gaps: 0 }

describe('the tally of consecutive numbers', () => {
  test.each<[string, Step[], Partial<typeof none>]>([
    ['begins anywhere', [7, 8, 9], {}],
    ['sees what is lost', [1, 2, 5], { lost: 2 }],
    ['sees what comes twice', [1, 2, 2], { doubled: 1 }],
    ['sees what comes twice, later', [1, 2, 3, 1], { doubled: 1 }],
    ['sees what comes late, and then does not call it lost', [1, 3, 2], { reordered: 1 }],
    ['sees what comes late and twice', [1, 3, 2, 2], { reordered: 1, doubled: 1 }],
    ['counts what a gap has announced apart', [1, 'gap', 4], { gaps: 2 }],
    ['forgives a gap once only', [1, 'gap', 4, 6], { gaps: 2, lost: 1 }],
    ['begins anew with a new epoch', [5, 'new epoch', 1, 2], {}],
  ])('%s', (_, steps, expected) => {
    const tally = createTally()
    for (const step of steps) {
      if (typeof step === 'number') tally.next(step)
      else tally.gap(step === 'new epoch')
    }
    const received = steps.filter((step) => typeof step === 'number').length
    expect(tally.counts).toEqual({ ...none, ...expected, received })
  })
})
