export interface Counts {
  readonly received: number
  /** Neither received nor covered by a gap. */
  readonly lost: number
  readonly doubled: number
  readonly reordered: number
  /** Covered by a gap: missing, but said aloud. */
  readonly gaps: number
}

export interface Tally {
  next(n: number): void
  /** What lies between the last number and the next one was announced as missing. */
  gap(startsOver: boolean): void
  readonly counts: Counts
}

const missingLimit = 10_000

/** Checks consecutive numbers, trusting nobody. */
export function createTally(): Tally {
  const missing = new Set<number>()
  let highest: number | null = null
  let gapped = false
  let received = 0
  let lost = 0
  let doubled = 0
  let reordered = 0
  let gaps = 0

  return {
    next(n) {
      received += 1
      if (highest === null || n === highest + 1) {
        highest = n
      } else if (n > highest) {
        if (gapped) gaps += n - highest - 1
        else miss(highest + 1, n)
        highest = n
      } else if (missing.delete(n)) {
        lost -= 1
        reordered += 1
      } else {
        doubled += 1
      }
      gapped = false
    },
    gap(startsOver) {
      gapped = true
      if (startsOver) highest = null
    },
    get counts() {
      return { received, lost, doubled, reordered, gaps }
    },
  }

  function miss(from: number, to: number): void {
    lost += to - from
    for (let n = from; n < to && missing.size < missingLimit; n += 1) missing.add(n)
  }
}
