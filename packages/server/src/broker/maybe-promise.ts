/** What may be known at once. A broker in memory answers so, and then nothing waits for a microtask. */
export type MaybePromise<T> = T | Promise<T>

export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof (value as Promise<T> | null | undefined)?.then === 'function'
