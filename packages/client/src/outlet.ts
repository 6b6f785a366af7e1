import type { Subscriber, TeardownLogic } from 'rxjs'

/** Tells all who listen, and whoever comes after the end only that. A Subject of RxJS would do it too, in 500 bytes more. */
export function createOutlet<T>() {
  const listeners = new Set<Subscriber<T>>()
  let ended = false

  return {
    get observed() {
      return listeners.size > 0
    },
    listen(listener: Subscriber<T>): TeardownLogic {
      if (ended) return listener.complete()
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    next(value: T): void {
      for (const listener of [...listeners]) listener.next(value)
    },
    end(): void {
      ended = true
      for (const listener of listeners) listener.complete()
    },
  }
}
