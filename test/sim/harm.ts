/** What must never happen. */
export interface Harms {
  /** Neither delivered nor covered by a gap. */
  lost: number
  doubled: number
  reordered: number
  /** A receipt for what the log does not have. */
  falseReceipts: number
  /** Something else that is not true: a rejection of what was applied, a gap without need, a message that nobody sent. */
  untruths: number
  /** A timer, a connection or a listener that is left after the end. */
  leaks: number
  limitBreaches: number
  /** Not back online, or not done, within the time that the chart promises. */
  stuck: number
}

export type Harm = keyof Harms

export const noHarms: Harms = {
  lost: 0,
  doubled: 0,
  reordered: 0,
  falseReceipts: 0,
  untruths: 0,
  leaks: 0,
  limitBreaches: 0,
  stuck: 0,
}

export type Report = (harm: Harm, text: string, count?: number) => void
