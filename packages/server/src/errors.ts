import { HoldfastError, Stream } from '@holdfast/protocol'
import type { Observable } from 'rxjs'

/** Where failures of hooks, listeners and the broker are told: to whoever subscribes, else to console.error. */
export interface Errors {
  readonly errors$: Observable<HoldfastError>
  report(code: string, message: string, cause: unknown): void
  close(): void
}

export function createErrors(): Errors {
  const listeners = new Set<{ next(error: HoldfastError): void; complete(): void }>()
  let closed = false

  return {
    // Who fails at hearing of failures is told on the console, for there is no other place left.
    errors$: new Stream<HoldfastError>(console.error, (subscriber) => {
      if (closed) return subscriber.complete()
      listeners.add(subscriber)
      return () => listeners.delete(subscriber)
    }),
    report(code, message, cause) {
      const error = new HoldfastError(code, message, { cause })
      if (listeners.size === 0) console.error(error)
      for (const listener of [...listeners]) listener.next(error)
    },
    close() {
      closed = true
      for (const listener of [...listeners]) listener.complete()
      listeners.clear()
    },
  }
}
