/** What may be known at once. A broker in memory answers so, and then nothing waits for a microtask. */
export type MaybePromise<T> = T | Promise<T>

export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof (value as Promise<T> | null | undefined)?.then === 'function'

/** The next step: at once where the value is there, so that a row of steps that wait for nothing is one call. */
export const after = <T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  isPromise(value) ? value.then(next) : next(value)

/** What `run` comes to, or where it fails, now or later, what `failed` makes of that. */
export function rescue<T, R>(
  run: () => MaybePromise<T>,
  failed: (error: unknown) => MaybePromise<R>,
): MaybePromise<T | R> {
  try {
    const value = run()
    return isPromise(value) ? value.then(undefined, failed) : value
  } catch (error) {
    return failed(error)
  }
}
