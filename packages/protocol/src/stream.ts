import { Observable, type Observer, Subscriber, type Subscription, type TeardownLogic } from 'rxjs'

type Next<T> = ((value: T) => void) | null | undefined
type Report = (error: unknown) => void

/**
 * An Observable whose subscribers cannot harm each other: what a listener throws, and an error that nobody handles, goes to
 * `report` instead of becoming an uncaught exception. It holds for what is piped from it as well.
 */
export class Stream<T> extends Observable<T> {
  readonly #report: Report

  constructor(report: Report, subscribe?: (this: Observable<T>, subscriber: Subscriber<T>) => TeardownLogic) {
    super(subscribe)
    this.#report = report
  }

  // Operators build their result through `lift`; answering a Stream keeps the guard along a pipe.
  override lift<R>(operator?: unknown): Observable<R> {
    const lifted = new Stream<R>(this.#report) as unknown as { source: unknown; operator: unknown }
    lifted.source = this
    lifted.operator = operator
    return lifted as unknown as Observable<R>
  }

  override subscribe(observer?: Partial<Observer<T>> | Next<T>): Subscription
  override subscribe(
    next?: Next<T>,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription
  override subscribe(
    first?: Partial<Observer<T>> | Next<T>,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // An operator's own subscriber: it catches by itself, and its errors are its consumer's to see.
    if (first instanceof Subscriber) return super.subscribe(first)
    const observer = typeof first === 'object' && first !== null ? first : { next: first, error, complete }
    const guard = (run: () => void) => {
      try {
        run()
      } catch (thrown) {
        this.#report(thrown)
      }
    }
    return super.subscribe({
      next: (value) => guard(() => observer.next?.(value)),
      error: (reason) => (observer.error ? guard(() => observer.error?.(reason)) : this.#report(reason)),
      complete: () => guard(() => observer.complete?.()),
    })
  }
}
