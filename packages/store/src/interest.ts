const restMs = 10_000

/**
 * When a store listens: from its start; once it has had subscribers and all have left, until 10 s have passed without a read;
 * again with the next subscriber or read. Nobody has to clean up after a component that comes and goes.
 */
export function createInterest(
  join: { readonly isRunning: boolean; start(): void; stop(): void },
  mayRest: () => boolean,
) {
  let isWanted = false
  let isResting = false
  let isRead = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function arm(): void {
    clearTimeout(timer)
    isRead = false
    if (join.isRunning) timer = setTimeout(rest, restMs)
  }

  function rest(): void {
    if (isRead || !mayRest()) return arm()
    isResting = true
    join.stop()
  }

  function wake(): void {
    isResting = false
    join.start()
  }

  function stop(): void {
    isWanted = isResting = false
    clearTimeout(timer)
    join.stop()
  }

  return {
    start(): void {
      isWanted = true
      wake()
    },
    stop,
    /** It follows nothing that it could rest from. */
    ended: () => clearTimeout(timer),
    /** What it goes on from has changed. */
    restart(): void {
      join.stop()
      isWanted = true
      wake()
    },
    read(): void {
      isRead = true
      if (!isResting) return
      wake()
      arm()
    },
    subscribers(count: number): void {
      if (!isWanted) return
      if (count === 0) return arm()
      clearTimeout(timer)
      if (!join.isRunning) wake()
    },
  }
}
