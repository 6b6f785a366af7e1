import type { Clock } from '../clock.ts'
import { drawId, realClock } from '../clock.ts'
import type { Broker, Log, LogOptions } from './broker.ts'
import { BrokerError } from './broker.ts'
import type { MemoryLog } from './memory-log.ts'
import { createMemoryLog } from './memory-log.ts'
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
  // The least recently appended comes first.
  const logs = new Map<string, MemoryLog>()
  const channels = new Map<string, Set<(message: string) => void>>()
  const sessions = createMemorySessions(clock, unregisteredTtlMs, limits.sessions)
  let total = 0
  let sweptAt = clock.now()

  return { log, sessions: withSweep(), send, listen, close }

  function log(name: string, logOptions: LogOptions): Log {
    const find = (): MemoryLog | undefined => {
      const found = logs.get(name)
      if (found) {
        found.options = logOptions
        found.usedAt = clock.now()
      }
      return found
    }
    const begin = (): MemoryLog => {
      const found = find()
      if (found) return found
      if (logs.size >= limits.logs) throw new BrokerError(`${limits.logs} logs are kept already`, { certain: true })
      const begun = createMemoryLog(drawId(random, 8), logOptions)
      begun.usedAt = clock.now()
      logs.set(name, begun)
      return begun
    }
    return {
      state(last = 0) {
        const found = find()
        return found ? measured(found, found.state(last, clock.now())) : null
      },
      read(after, limits) {
        const found = find()
        return found ? measured(found, found.read(after, limits, clock.now())) : null
      },
      append(draft, producer) {
        sweep()
        const numbers = producer && sessions.numbers(producer.session)
        const earlier = producer && numbers?.earlier(producer.number)
        if (earlier) return earlier
        const target = begin()
        logs.delete(name)
        logs.set(name, target)
        const head = target.state(0, clock.now())
        const answer = ['receipt', producer?.number ?? 0, `${head.epoch}.${head.head + 1}`] as [
          'receipt',
          number,
          string,
        ]
        // Before the append: its listeners may already send what comes next.
        numbers?.settle(answer)
        measured(target, target.append(draft))
        shed()
        return { status: 'applied', answer }
      },
      tail(listener) {
        const target = begin()
        // A function of its own, for one listener may tail twice.
        const own: typeof listener = (entry) => listener(entry)
        target.tails.add(own)
        return () => {
          target.tails.delete(own)
          target.usedAt = clock.now()
        }
      },
      trim({ epoch, offset }) {
        const found = logs.get(name)
        if (found?.epoch === epoch) measured(found, found.trim(offset))
      },
      remove() {
        total -= logs.get(name)?.counted ?? 0
        logs.delete(name)
      },
    }
  }

  function measured<T>(target: MemoryLog, result: T): T {
    total += target.bytes - target.counted
    target.counted = target.bytes
    return result
  }

  function shed(): void {
    if (total <= limits.bytes) return
    for (const target of logs.values()) {
      while (total > limits.bytes && target.shed()) measured(target, null)
      if (total <= limits.bytes) return
    }
  }

  function sweep(): void {
    const now = clock.now()
    if (now - sweptAt < limits.sweepMs) return
    sweptAt = now
    sessions.sweep()
    for (const [name, target] of logs) {
      const empty = measured(target, target.expire(now))
      if (empty && target.tails.size === 0 && now - target.usedAt >= target.options.idleMs) logs.delete(name)
    }
  }

  function withSweep(): typeof sessions {
    return {
      ...sessions,
      create(id, record, ttlMs) {
        sweep()
        return sessions.create(id, record, ttlMs)
      },
    }
  }

  function send(channel: string, message: string): void {
    for (const listener of [...(channels.get(channel) ?? [])]) listener(message)
  }

  function listen(channel: string, listener: (message: string) => void): () => void {
    const listeners = channels.get(channel) ?? new Set()
    const own: typeof listener = (message) => listener(message)
    channels.set(channel, listeners.add(own))
    return () => {
      listeners.delete(own)
      if (listeners.size === 0) channels.delete(channel)
    }
  }

  function close(): void {
    logs.clear()
    channels.clear()
    total = 0
  }
}
