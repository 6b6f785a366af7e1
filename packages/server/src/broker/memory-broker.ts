import type { Clock } from '../clock.ts'
import { realClock } from '../clock.ts'
import type { Broker } from './broker.ts'
import { MemoryChannels } from './memory-channels.ts'
import { MemoryLogs, NamedMemoryLog } from './memory-logs.ts'
import { createMemorySessions } from './memory-sessions.ts'

export interface MemoryBrokerOptions {
  clock?: Clock
  random?: () => number
  /** Of all logs together; beyond it the log that was appended to longest ago loses its oldest entries. Default 256 MiB. */
  bytes?: number
  /** Sessions, those that ended a short while ago among them; one more fails. Default 100,000. */
  sessions?: number
  /** Logs; one more fails. Default 200,000. */
  logs?: number
  /** Pause between two searches for what is over. Default 10,000 ms; they happen as the broker is used, by no timer. */
  sweepMs?: number
}

export const memoryBrokerDefaults = {
  bytes: 256 * 1024 * 1024,
  sessions: 100_000,
  logs: 200_000,
  sweepMs: 10_000,
} as const

// Numbers of a session that was never created, which no hub makes.
const unregisteredTtlMs = 60_000

/** The broker of one process, which forgets at its end. Several hubs may share it as so many nodes. */
export function memoryBroker(options: MemoryBrokerOptions = {}): Broker {
  const { clock = realClock, random = Math.random } = options
  const limits = { ...memoryBrokerDefaults, ...options }
  const logs = new MemoryLogs(random, limits)
  const channels = new MemoryChannels()
  const sessions = createMemorySessions(clock, unregisteredTtlMs, limits.sessions)
  const keeper = { logs, now: () => clock.now(), numbers: sessions.numbers, sweep }
  let sweptAt = clock.now()

  return {
    log: (name, logOptions) => new NamedMemoryLog(keeper, name, logOptions),
    sessions: {
      ...sessions,
      create(id, record, ttlMs) {
        sweep(clock.now())
        return sessions.create(id, record, ttlMs)
      },
    },
    send: (channel, message) => channels.send(channel, message),
    listen: (channel, listener) => channels.listen(channel, listener),
    close() {
      logs.clear()
      channels.clear()
    },
  }

  function sweep(now: number): void {
    if (now - sweptAt < limits.sweepMs) return
    sweptAt = now
    sessions.sweep()
    logs.sweep(now)
  }
}
