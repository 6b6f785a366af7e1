export interface Task {
  readonly name: string
  /** One try, bounded in time by itself; answers its figures by name. A try that failed throws. */
  run(): Promise<Readonly<Record<string, number>>>
}

export interface Samples {
  readonly figures: Map<string, number[]>
  readonly failures: string[]
}

export interface InterleaveOptions {
  readonly rounds: number
  /** Rounds before those, whose figures are thrown away: modules are loaded and code is compiled in them. */
  readonly warmups: number
}

/**
 * Runs each task once a round, so that what drifts on the machine hits all of them alike. Each round begins with another
 * task: none has always the same predecessor's leftovers to clean up.
 */
export async function interleave(tasks: readonly Task[], options: InterleaveOptions): Promise<Map<string, Samples>> {
  const { rounds, warmups } = options
  const samples = new Map(tasks.map(({ name }) => [name, { figures: new Map(), failures: [] } as Samples]))
  for (let round = -warmups; round < rounds; round++) {
    const first = (Math.max(0, round) * 7) % tasks.length
    for (const { name, run } of [...tasks.slice(first), ...tasks.slice(0, first)]) {
      const { figures, failures } = samples.get(name) as Samples
      try {
        const measured = await run()
        if (round < 0) continue
        for (const [figure, value] of Object.entries(measured))
          figures.set(figure, [...(figures.get(figure) ?? []), value])
      } catch (error) {
        // In a warm-up, too: what does not work should be seen.
        failures.push(error instanceof Error ? error.message : `${error}`)
      }
    }
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1} of ${rounds} `)
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  return samples
}
