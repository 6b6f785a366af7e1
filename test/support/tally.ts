/** What became of a stream of consecutive numbers, from 0. */
export interface Count {
  received: number
  lost: number
  doubled: number
  reordered: number
}

/** Counts what a stream of consecutive numbers went through. */
export function tally() {
  const count: Count = { received: 0, lost: 0, doubled: 0, reordered: 0 }
  let last = -1
  return {
    count,
    take(n: number) {
      count.received++
      if (n === last + 1) last = n
      else if (n === last) count.doubled++
      else if (n < last) count.reordered++
      else {
        count.lost += n - last - 1
        last = n
      }
    },
    get last() {
      return last
    },
  }
}

export const intact = (received: number): Count => ({ received, lost: 0, doubled: 0, reordered: 0 })
