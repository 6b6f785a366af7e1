/** Time as the hub sees it; a simulation brings its own. */
export interface Clock {
  /** ms since 1970. */
  now(): number
  setTimeout(run: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
  /** Runs it when what is happening now is over, and with it what its promises bring. Default: the next microtask. */
  defer?(run: () => void): void
}

export const realClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  // An immediate comes after the promises of this turn, so that a burst leaves in one write.
  defer: (run) => setImmediate(run),
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** An id of `length` base64url letters, 6 bits each. */
export function drawId(random: () => number, length: number): string {
  let id = ''
  for (let i = 0; i < length; i++) id += letters[Math.floor(random() * 64)]
  return id
}
