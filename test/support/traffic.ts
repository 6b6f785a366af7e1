import type { Connection } from '@holdfast/client'
import { expect } from 'vitest'
import { type Count, intact, tally } from './tally.ts'
import type { World } from './world.ts'

/** How one direction fared since the last look. */
interface Pause {
  /** The greatest time between two consecutive deliveries. */
  ms: number
  /**
   * The most messages that were under way at once. One leaves every `everyMs`, so this is the same pause measured by the
   * stream itself: it does not count the time in which the whole process stood still.
   */
  messages: number
}

export interface Traffic {
  /** The pauses since the last call. */
  pauses(): { down: Pause; up: Pause }
  /** Resolves when `count` more messages have arrived in each direction. */
  flows(count: number): Promise<void>
  /** Stops sending, waits for what is under way, and expects that every message has arrived once and in order. */
  stop(): Promise<{ down: Count; up: Count }>
}

export const everyMs = 5

/** A steady stream of numbers through the connection, down and up. */
export function createTraffic({ hub }: World, connection: Connection): Traffic {
  const down = createDirection()
  const up = createDirection()
  const failures: unknown[] = []
  const receipts: Promise<unknown>[] = []
  const waiters = new Set<() => void>()
  const arrived = () => {
    for (const waiter of [...waiters]) waiter()
  }
  const subscriptions = [
    connection.topic<number>('down', { from: 'start' }).subscribe((n) => {
      down.take(n)
      arrived()
    }),
    hub.topic<number>('up', { from: 'start' }).subscribe((n) => {
      up.take(n)
      arrived()
    }),
  ]
  // A test that ran out of time has closed its hub, and nobody stops this.
  const failed = (error: unknown) => {
    clearInterval(timer)
    failures.push(error)
  }
  const timer = setInterval(() => {
    hub.topic('down').publish(down.send()).catch(failed)
    receipts.push(connection.topic('up').publish(up.send()).catch(failed))
  }, everyMs)

  const until = (isReached: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isReached()) return
        waiters.delete(look)
        resolve()
      }
      waiters.add(look)
      look()
    })

  return {
    pauses: () => ({ down: down.pause(), up: up.pause() }),
    flows(count) {
      const goals = [down.last + count, up.last + count] as const
      return until(() => down.last >= goals[0] && up.last >= goals[1])
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(receipts)
      expect(failures).toEqual([])
      await until(() => down.last === down.sent - 1 && up.last === up.sent - 1)
      for (const subscription of subscriptions) subscription.unsubscribe()
      expect(down.count).toEqual(intact(down.sent))
      expect(up.count).toEqual(intact(up.sent))
      return { down: down.count, up: up.count }
    },
  }
}

function createDirection() {
  const counted = tally()
  let sent = 0
  let at: number | null = null
  let worst: Pause = { ms: 0, messages: 0 }
  return {
    count: counted.count,
    get sent() {
      return sent
    },
    get last() {
      return counted.last
    },
    send: () => sent++,
    take(n: number) {
      const now = performance.now()
      if (at !== null) worst.ms = Math.max(worst.ms, Math.round(now - at))
      worst.messages = Math.max(worst.messages, sent - n)
      at = now
      counted.take(n)
    },
    pause() {
      const pause = worst
      worst = { ms: 0, messages: 0 }
      return pause
    },
  }
}
