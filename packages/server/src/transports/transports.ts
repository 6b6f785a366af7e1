/** Something that is open towards a peer. */
export interface Destroyable {
  destroy(): void
}

/** Everything that is open towards a peer, so that closing the hub leaves none. */
export interface Transports {
  add(open: Destroyable): void
  /** It has ended by itself. */
  delete(open: Destroyable): void
  /** Resolves when nothing is open. */
  idle(): Promise<void>
  destroyAll(): void
}

export function createTransports(): Transports {
  const open = new Set<Destroyable>()
  let waiting: (() => void)[] = []
  let closed = false

  const settle = () => {
    if (open.size > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  return {
    add(one) {
      // It waited for something while the hub closed.
      if (closed) one.destroy()
      else open.add(one)
    },
    delete(one) {
      open.delete(one)
      settle()
    },
    idle: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        settle()
      }),
    destroyAll() {
      closed = true
      for (const one of [...open]) one.destroy()
      open.clear()
      settle()
    },
  }
}
