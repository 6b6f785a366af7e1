// A third with fewer samples says nothing.
const minSamples = 5
const flatRatio = 1.1

/** Whether a figure that is sampled over a while is flat: the mean of the last third beside that of the middle one. */
export function createThirds(lengthMs: number) {
  const thirds = [0, 1, 2].map(() => ({ count: 0, sum: 0 }))
  const mean = (index: number) => {
    const { count, sum } = thirds[index] ?? { count: 0, sum: 0 }
    return count === 0 ? 0 : sum / count
  }
  return {
    add(atMs: number, value: number): void {
      const third = thirds[Math.min(2, Math.floor((3 * atMs) / lengthMs))]
      if (!third) return
      third.count += 1
      third.sum += value
    },
    result() {
      const [middle, last] = [mean(1), mean(2)]
      const isTold = thirds.slice(1).every(({ count }) => count >= minSamples)
      return {
        middleThirdMiB: round(middle),
        lastThirdMiB: round(last),
        ratio: middle === 0 ? 0 : round(last / middle),
        isFlat: !isTold || last <= flatRatio * middle,
      }
    },
  }
}

const round = (value: number) => Math.round(100 * value) / 100
