import { inboxTopic } from '@holdfast/protocol'
import type { Entry, Log, LogPage, LogState } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import type { Flushable } from '../links/flusher.ts'
import type { Declared } from './declarations.ts'
import { CompressedWire, Wire } from './wire.ts'

const readChunk = { maxEntries: 256, maxBytes: 128 * 1024 } as const

// One for all sessions.
const inboxJson = JSON.stringify(inboxTopic)

export interface Follower {
  offer(wire: Wire): void
}

/** One node's end of a topic's log: one tail, shared by all its readers, and one encoding of each entry. */
export class Feed implements Flushable {
  /** The topic's name on the wire. */
  readonly name: string
  readonly log: Log
  readonly declared: Declared
  /** When the last reader left. */
  quietSince: number
  /** Let go of: another one takes its place. */
  closed = false
  readonly #context: Pick<Context, 'uptime' | 'flusher'>
  /** The name as JSON. */
  readonly #json: string
  readonly #followers = new Set<Follower>()
  #reading: Map<number, Promise<LogPage | null>> | null = null
  /** Of entries that were read from the log, for those who lag. */
  #wires: WeakMap<Entry, Wire> | null = null
  #newest: Entry | null = null
  /** Of the newest, in the turn in which it came: kept longer, those of many topics would fill the memory that is looked at often. */
  #wire: Wire | null = null
  #opening: MaybePromise<void> | null = null
  #stop: (() => void) | null = null

  constructor(name: string, log: Log, declared: Declared, context: Pick<Context, 'uptime' | 'flusher'>) {
    this.name = name
    this.#json = name === inboxTopic ? inboxJson : JSON.stringify(name)
    this.log = log
    this.declared = declared
    this.#context = context
    this.quietSince = context.uptime()
  }

  get isFollowed(): boolean {
    return this.#followers.size > 0
  }

  /** Whether the tail has brought something of this epoch after the offset. */
  hasAfter(epoch: string, offset: number): boolean {
    return this.#newest !== null && this.#newest.epoch === epoch && this.#newest.offset > offset
  }

  /** Taken before the first reader joins; the tail runs when it has resolved. */
  open(): MaybePromise<void> {
    // One who is about to join: it must not be let go meanwhile.
    this.quietSince = this.#context.uptime()
    if (this.#opening === null) {
      const tail = this.log.tail((entry) => this.take(entry))
      this.#opening = isPromise(tail)
        ? tail.then(
            (stop) => this.opened(stop),
            (error) => {
              // The next reader tries again.
              this.#opening = null
              throw error
            },
          )
        : this.opened(tail)
    }
    return this.#opening
  }

  join(follower: Follower): void {
    this.#followers.add(follower)
  }

  leave(follower: Follower): void {
    this.#followers.delete(follower)
    this.quietSince = this.#context.uptime()
  }

  wire(entry: Entry): Wire {
    if (this.#wire?.entry === entry) return this.#wire
    this.#wires ??= new WeakMap()
    const known = this.#wires.get(entry)
    if (known) return known
    const made = this.make(entry)
    this.#wires.set(entry, made)
    return made
  }

  /** Those who ask for the same at the same time share one read: all who come back at once stand at the same place. */
  read(after: number): MaybePromise<LogPage | null> {
    const running = this.#reading?.get(after)
    if (running !== undefined) return running
    const page = this.log.read(after, readChunk)
    if (!isPromise(page)) return page
    this.#reading ??= new Map()
    const reading = page.finally(() => this.#reading?.delete(after))
    this.#reading.set(after, reading)
    return reading
  }

  state(last?: number): MaybePromise<LogState | null> {
    return this.log.state(last)
  }

  close(): void {
    this.closed = true
    this.#stop?.()
    this.#stop = null
    this.#opening = null
  }

  /** The turn is over. */
  flush(): void {
    this.#wire = null
  }

  private opened(stop: () => void): void {
    if (this.closed) stop()
    else this.#stop = stop
  }

  private make(entry: Entry): Wire {
    return this.declared.compress ? new CompressedWire(this.#json, entry) : new Wire(this.#json, entry)
  }

  private take(entry: Entry): void {
    this.#newest = entry
    if (this.#followers.size === 0) return
    const wire = this.make(entry)
    if (!this.#wire) this.#context.flusher.mark(this)
    this.#wire = wire
    for (const follower of this.#followers) follower.offer(wire)
  }
}
