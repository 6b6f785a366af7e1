import { HoldfastError, Stream } from '@holdfast/protocol'
import type { Observable, Subscriber, TeardownLogic } from 'rxjs'
import { createOutlet } from './outlet.ts'

export type Report = (error: unknown) => void
export type Streams = ReturnType<typeof createStreams>

/** The one place where failures of listeners and of the connection's own working surface (P5), and streams that report to it. */
export function createStreams() {
  const errors = createOutlet<HoldfastError>()

  const report: Report = (error) => {
    const known =
      error instanceof HoldfastError
        ? error
        : new HoldfastError('listener-failed', `a listener failed: ${error}`, { cause: error })
    if (errors.observed) errors.next(known)
    else console.error(known)
  }

  // What fails while it reports has only the console.
  const errors$: Observable<HoldfastError> = new Stream<HoldfastError>((error) => console.error(error), errors.listen)

  return {
    report,
    errors$,
    stream: <T>(open: (subscriber: Subscriber<T>) => TeardownLogic): Observable<T> => new Stream<T>(report, open),
    end: errors.end,
  }
}
