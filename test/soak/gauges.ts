/** What a process holds: how much memory, and how many handles of each kind. */
export type Handles = Readonly<Record<string, number>>

export function countHandles(): Handles {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** After a full collection; the process needs `--expose-gc`. */
export function heapMiB(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}
