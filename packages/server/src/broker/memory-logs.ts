import { formatCursor, type Position } from '@holdfast/protocol'
import { drawId } from '../clock.ts'
import type { Applied, Draft, Entry, Log, LogOptions, LogPage, LogState, Producer } from './broker.ts'
import { BrokerError } from './broker.ts'
import { MemoryLog } from './memory-log.ts'
import type { Numbers } from './numbers.ts'
import { Recency } from './recency.ts'

/** All logs of a broker in memory, which are bounded together. */
export class MemoryLogs {
  readonly #logs = new Map<string, MemoryLog>()
  /** Those that have something, by their last append. */
  readonly #appended = new Recency<MemoryLog>()
  readonly #random: () => number
  readonly #limits: { readonly bytes: number; readonly logs: number }
  #bytes = 0

  constructor(random: () => number, limits: { readonly bytes: number; readonly logs: number }) {
    this.#random = random
    this.#limits = limits
  }

  find(name: string): MemoryLog | null {
    return this.#logs.get(name) ?? null
  }

  begin(name: string, options: LogOptions): MemoryLog {
    const { logs } = this.#limits
    if (this.#logs.size >= logs) throw new BrokerError(`${logs} logs are kept already`, { certain: true })
    const begun = new MemoryLog(drawId(this.#random, 8), options)
    this.#logs.set(name, begun)
    return begun
  }

  append(log: MemoryLog, draft: Draft): void {
    this.#appended.renew(log)
    this.measured(log, log.append(draft))
    if (this.#bytes > this.#limits.bytes) this.shed()
  }

  /** The result of what may have changed the log's size. */
  measured<T>(log: MemoryLog, result: T): T {
    this.#bytes += log.bytes - log.counted
    log.counted = log.bytes
    return result
  }

  remove(name: string): void {
    const removed = this.#logs.get(name)
    if (!removed) return
    // It may have an entry that is being told, and is not counted yet.
    this.measured(removed, null)
    this.#bytes -= removed.counted
    this.#appended.drop(removed)
    this.#logs.delete(name)
    removed.gone = true
  }

  sweep(now: number): void {
    for (const [name, log] of this.#logs) {
      const empty = this.measured(log, log.expire(now))
      if (empty && !log.isTailed && now - log.usedAt >= log.options.idleMs) this.remove(name)
    }
  }

  clear(): void {
    for (const name of this.#logs.keys()) this.remove(name)
  }

  private shed(): void {
    for (let log = this.#appended.oldest; log && this.#bytes > this.#limits.bytes; log = this.#appended.oldest) {
      if (log.shed()) this.measured(log, null)
      else this.#appended.drop(log)
    }
  }
}

/** What a log has to do with beside the others. */
export interface LogKeeper {
  readonly logs: MemoryLogs
  now(): number
  numbers(session: string, now: number): Numbers
  /** Looks for what is over, if it is time. */
  sweep(now: number): void
}

/** A log by its name, whether it has begun or not. */
export class NamedMemoryLog implements Log {
  readonly #keeper: LogKeeper
  readonly #name: string
  readonly #options: LogOptions
  /** What it was when it was used last. */
  #log: MemoryLog | null = null

  constructor(keeper: LogKeeper, name: string, options: LogOptions) {
    this.#keeper = keeper
    this.#name = name
    this.#options = options
  }

  state(last = 0): LogState | null {
    const now = this.#keeper.now()
    const found = this.find(now)
    return found && this.#keeper.logs.measured(found, found.state(last, now))
  }

  read(after: number, limits: { maxEntries: number; maxBytes: number }): LogPage | null {
    const now = this.#keeper.now()
    const found = this.find(now)
    return found && this.#keeper.logs.measured(found, found.read(after, limits, now))
  }

  append(draft: Draft, producer?: Producer): Applied {
    const keeper = this.#keeper
    const now = keeper.now()
    keeper.sweep(now)
    const numbers = producer && keeper.numbers(producer.session, now)
    const earlier = producer && numbers?.earlier(producer.number)
    if (earlier) return earlier
    const target = this.begin(now)
    const cursor = formatCursor(target.epoch, target.head + 1)
    const answer: ['receipt', number, string] = ['receipt', producer?.number ?? 0, cursor]
    // Before the append: its listeners may already send what comes next.
    numbers?.settle(answer)
    keeper.logs.append(target, draft)
    return { status: 'applied', answer }
  }

  tail(listener: (entry: Entry) => void): () => void {
    const { now } = this.#keeper
    return this.begin(now()).tail(listener, now)
  }

  trim({ epoch, offset }: Position): void {
    const found = this.find(this.#keeper.now())
    if (found?.epoch === epoch) this.#keeper.logs.measured(found, found.trim(offset))
  }

  remove(): void {
    this.#keeper.logs.remove(this.#name)
  }

  private begin(now: number): MemoryLog {
    const found = this.find(now)
    if (found) return found
    this.#log = this.#keeper.logs.begin(this.#name, this.#options)
    this.#log.usedAt = now
    return this.#log
  }

  private find(now: number): MemoryLog | null {
    if (!this.#log || this.#log.gone) this.#log = this.#keeper.logs.find(this.#name)
    const found = this.#log
    if (!found) return null
    found.options = this.#options
    found.usedAt = now
    return found
  }
}
