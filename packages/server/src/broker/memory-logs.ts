import { formatCursor, type Position } from '@holdfast/protocol'
import type { Clock } from '../clock.ts'
import { drawId } from '../clock.ts'
import type { Applied, Draft, Entry, Log, LogOptions, LogPage, LogState, Producer } from './broker.ts'
import { BrokerError } from './broker.ts'
import { MemoryLog } from './memory-log.ts'
import type { Numbers } from './numbers.ts'

/** All logs of a broker in memory, which are bounded together. */
export class MemoryLogs {
  // The least recently appended comes first.
  readonly #logs = new Map<string, MemoryLog>()
  readonly now: () => number
  readonly #random: () => number
  readonly #limits: { readonly bytes: number; readonly logs: number }
  #bytes = 0

  constructor(clock: Clock, random: () => number, limits: { readonly bytes: number; readonly logs: number }) {
    this.now = () => clock.now()
    this.#random = random
    this.#limits = limits
  }

  find(name: string, options: LogOptions): MemoryLog | undefined {
    const found = this.#logs.get(name)
    if (found) {
      found.options = options
      found.usedAt = this.now()
    }
    return found
  }

  begin(name: string, options: LogOptions): MemoryLog {
    const found = this.find(name, options)
    if (found) return found
    const { logs } = this.#limits
    if (this.#logs.size >= logs) throw new BrokerError(`${logs} logs are kept already`, { certain: true })
    const begun = new MemoryLog(drawId(this.#random, 8), options)
    begun.usedAt = this.now()
    this.#logs.set(name, begun)
    return begun
  }

  append(name: string, log: MemoryLog, draft: Draft): void {
    this.#logs.delete(name)
    this.#logs.set(name, log)
    this.measured(log, log.append(draft))
    if (this.#bytes > this.#limits.bytes) this.#shed()
  }

  /** The result of what may have changed the log's size. */
  measured<T>(log: MemoryLog, result: T): T {
    this.#bytes += log.bytes - log.counted
    log.counted = log.bytes
    return result
  }

  remove(name: string): void {
    this.#bytes -= this.#logs.get(name)?.counted ?? 0
    this.#logs.delete(name)
  }

  sweep(): void {
    const now = this.now()
    for (const [name, log] of this.#logs) {
      const empty = this.measured(log, log.expire(now))
      if (empty && !log.isTailed && now - log.usedAt >= log.options.idleMs) this.#logs.delete(name)
    }
  }

  clear(): void {
    this.#logs.clear()
    this.#bytes = 0
  }

  #shed(): void {
    for (const log of this.#logs.values()) {
      while (this.#bytes > this.#limits.bytes && log.shed()) this.measured(log, null)
      if (this.#bytes <= this.#limits.bytes) return
    }
  }
}

/** What a log has to do with beside the others. */
export interface LogKeeper {
  readonly logs: MemoryLogs
  numbers(session: string): Numbers
  sweep(): void
}

/** A log by its name, whether it has begun or not. */
export class NamedMemoryLog implements Log {
  readonly #keeper: LogKeeper
  readonly #name: string
  readonly #options: LogOptions

  constructor(keeper: LogKeeper, name: string, options: LogOptions) {
    this.#keeper = keeper
    this.#name = name
    this.#options = options
  }

  state(last = 0): LogState | null {
    const { logs } = this.#keeper
    const found = logs.find(this.#name, this.#options)
    return found ? logs.measured(found, found.state(last, logs.now())) : null
  }

  read(after: number, limits: { maxEntries: number; maxBytes: number }): LogPage | null {
    const { logs } = this.#keeper
    const found = logs.find(this.#name, this.#options)
    return found ? logs.measured(found, found.read(after, limits, logs.now())) : null
  }

  append(draft: Draft, producer?: Producer): Applied {
    this.#keeper.sweep()
    const numbers = producer && this.#keeper.numbers(producer.session)
    const earlier = producer && numbers?.earlier(producer.number)
    if (earlier) return earlier
    const { logs } = this.#keeper
    const target = logs.begin(this.#name, this.#options)
    const cursor = formatCursor(target.epoch, target.head + 1)
    const answer: ['receipt', number, string] = ['receipt', producer?.number ?? 0, cursor]
    // Before the append: its listeners may already send what comes next.
    numbers?.settle(answer)
    logs.append(this.#name, target, draft)
    return { status: 'applied', answer }
  }

  tail(listener: (entry: Entry) => void): () => void {
    const { logs } = this.#keeper
    return logs.begin(this.#name, this.#options).tail(listener, logs.now)
  }

  trim({ epoch, offset }: Position): void {
    const { logs } = this.#keeper
    const found = logs.find(this.#name, this.#options)
    if (found?.epoch === epoch) logs.measured(found, found.trim(offset))
  }

  remove(): void {
    this.#keeper.logs.remove(this.#name)
  }
}
