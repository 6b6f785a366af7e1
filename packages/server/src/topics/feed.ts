import type { Entry, Log, LogPage, LogState } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Declared } from './declarations.ts'
import type { Wire } from './wire.ts'
import { createWire } from './wire.ts'

/** One node's end of a topic's log: one tail, shared by all its readers, and one encoding of each entry. */
export interface Feed {
  /** The topic's name on the wire. */
  readonly name: string
  readonly log: Log
  readonly declared: Declared
  /** Whether the tail has brought something of this epoch after the offset. */
  hasAfter(epoch: string, offset: number): boolean
  /** Taken before the first reader joins; the tail runs when it has resolved. */
  open(): MaybePromise<void>
  join(follower: Follower): () => void
  wire(entry: Entry): Wire
  read(after: number, limits: { maxEntries: number; maxBytes: number }): MaybePromise<LogPage | null>
  state(last?: number): MaybePromise<LogState | null>
  readonly followers: number
  /** When the last reader left. */
  readonly quietSince: number
  close(): void
}

export interface Follower {
  offer(wire: Wire): void
}

export function createFeed(name: string, log: Log, declared: Declared, now: () => number): Feed {
  const followers = new Set<Follower>()
  const wires = new WeakMap<Entry, Wire>()
  let opening: MaybePromise<void> | null = null
  let stop: (() => void) | null = null
  let closed = false
  let newest: Entry | null = null
  let quietSince = now()

  const wire = (entry: Entry): Wire => {
    const known = wires.get(entry)
    if (known) return known
    const made = createWire(name, entry)
    wires.set(entry, made)
    return made
  }

  const take = (entry: Entry) => {
    newest = entry
    if (followers.size === 0) return
    const made = wire(entry)
    for (const follower of followers) follower.offer(made)
  }

  const opened = (stopTail: () => void) => {
    if (closed) stopTail()
    else stop = stopTail
  }

  return {
    name,
    log,
    declared,
    hasAfter: (epoch, offset) => newest !== null && newest.epoch === epoch && newest.offset > offset,
    open() {
      // One who is about to join: it must not be let go meanwhile.
      quietSince = now()
      if (opening !== null) return opening
      const tail = log.tail(take)
      opening = isPromise(tail)
        ? tail.then(opened, (error) => {
            // The next reader tries again.
            opening = null
            throw error
          })
        : opened(tail)
      return opening
    },
    join(follower) {
      followers.add(follower)
      return () => {
        followers.delete(follower)
        quietSince = now()
      }
    },
    wire,
    read: (after, limits) => log.read(after, limits),
    state: (last) => log.state(last),
    get followers() {
      return followers.size
    },
    get quietSince() {
      return quietSince
    },
    close() {
      closed = true
      stop?.()
      stop = null
      opening = null
    },
  }
}
