/** Everything that is open towards a peer, so that closing the hub leaves none. */
export interface Transports {
  /** Answers what takes it off when it has ended by itself. */
  add(destroy: () => void): () => void
  /** Resolves when nothing is open. */
  idle(): Promise<void>
  destroyAll(): void
}

export function createTransports(): Transports {
  const open = new Set<() => void>()
  let waiting: (() => void)[] = []
  let closed = false

  const settle = () => {
    if (open.size > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  return {
    add(destroy) {
      if (closed) {
        // It waited for something while the hub closed.
        destroy()
        return () => {}
      }
      // A function of its own, for one may be added twice.
      const own = () => destroy()
      open.add(own)
      return () => {
        open.delete(own)
        settle()
      }
    },
    idle: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        settle()
      }),
    destroyAll() {
      closed = true
      for (const destroy of [...open]) destroy()
      open.clear()
      settle()
    },
  }
}
