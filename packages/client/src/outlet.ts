import type { Subscriber, TeardownLogic } from 'rxjs'

type Listener<T> = Pick<Subscriber<T>, 'next' | 'complete'>

/** Tells all who listen, and whoever comes after the end only that. A Subject of RxJS would do it too, in 500 bytes more. */
export function createOutlet<T>() {
  const listeners = new Set<Listener<T>>()
  let ended = false

  return {
    get observed() {
      return listeners.size > 0
    },
    listen(listener: Listener<T>): TeardownLogic {
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
