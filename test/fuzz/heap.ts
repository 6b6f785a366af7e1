export interface Heap {
  readonly middleThirdMiB: number
  readonly lastThirdMiB: number
  readonly ratio: number
}

// Before this many the first things that are kept still come.
const fewest = 30

/** What is used after garbage has been collected; nothing without `--expose-gc`. */
export function createHeap() {
  const samples: number[] = []

  return {
    sample(): void {
      if (!global.gc) return
      global.gc()
      samples.push(process.memoryUsage().heapUsed / 1024 / 1024)
    },
    /** Means of the middle and the last third, and how the last relates to the middle one. */
    thirds(): Heap | null {
      if (samples.length < fewest) return null
      const third = Math.floor(samples.length / 3)
      const middle = mean(samples.slice(third, 2 * third))
      const last = mean(samples.slice(2 * third))
      return { middleThirdMiB: rounded(middle), lastThirdMiB: rounded(last), ratio: rounded(last / middle) }
    },
  }
}

const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length
const rounded = (n: number): number => Math.round(n * 1_000) / 1_000
