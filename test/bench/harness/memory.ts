/** In bytes. */
export interface Memory {
  readonly rss: number
  readonly heap: number
}

/** Of this process, after collections; what was freed goes back to the system in a moment of its own. Throws without --expose-gc. */
export async function memory(): Promise<Memory> {
  if (!globalThis.gc) throw new Error('run it with --expose-gc')
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heap: heapUsed }
}
