/** One benchmark. */
export interface Bench {
  run(options: { quick: boolean }): Promise<Outcome>
}

export interface Outcome {
  /** The table and what explains it. */
  readonly text: string
  /** All figures, for the JSON line. */
  readonly figures: Readonly<Record<string, unknown>>
  /** The goals that were missed, by name. */
  readonly missed: readonly string[]
}
