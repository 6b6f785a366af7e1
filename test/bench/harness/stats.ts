export interface Summary {
  readonly count: number
  readonly median: number
  readonly p95: number
  readonly min: number
  readonly max: number
  /** The middle half lies within so much. */
  readonly spread: number
}

/** NaN throughout if there are no values. @param digits behind the point */
export function summarize(values: readonly number[], digits = 1): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => round(quantile(sorted, share), digits)
  return {
    count: sorted.length,
    median: at(0.5),
    p95: at(0.95),
    min: at(0),
    max: at(1),
    spread: round(quantile(sorted, 0.75) - quantile(sorted, 0.25), digits),
  }
}

/** Between neighbours in proportion, so that the p95 of 15 values is not simply the largest. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

export const round = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits
