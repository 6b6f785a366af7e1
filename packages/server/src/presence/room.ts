import type { Context } from '../context.ts'
import { isFault } from '../faults.ts'
import type { PresenceRecord, Unsaid, Wish } from './record.ts'
import { amend } from './record.ts'
import type { Register } from './register.ts'

/** One node's part in the presence of one topic. */
export interface Room {
  readonly topic: string
  /** Sessions that this node has brought in and looks after. */
  readonly mine: Set<string>
  /** Brings the record in line with what is known of these sessions, soon. */
  look(ids: Iterable<string>): void
  /** The same for all members: whoever went without a word is found here. `watched`: somebody here reads who is there. */
  sweep(watched: boolean): void
  /** Nobody here has to do with it any more. */
  readonly idle: boolean
}

export interface RoomParts {
  readonly register: Register
  /** What is to become of a session; undefined: nothing. */
  wish(room: Room, id: string, isMember: boolean): Promise<Wish | undefined>
  closed(): boolean
}

const saidAtOnce = 32

/**
 * Nothing is kept of what happened: each run compares the record with what is true at this moment, so that a run that
 * failed is made good by the next, and a burst of sessions is one change of the record.
 */
export function createRoom(context: Context, topic: string, { register, wish, closed }: RoomParts): Room {
  const { node, settings } = context
  const mine = new Set<string>()
  const crowded = new Set<string>()
  const dirty = new Set<string>()
  let running = false
  let swept = true
  let watched = false
  /** The newest change that this node has said, and the newest that it had seen at the last sweep. */
  let saidV = 0
  let sweptV = 0

  const room: Room = {
    topic,
    mine,
    look(ids) {
      for (const id of ids) dirty.add(id)
      start()
    },
    sweep(isWatched) {
      watched = isWatched
      swept = false
      start()
    },
    get idle() {
      return !running && !watched && mine.size === 0 && dirty.size === 0
    },
  }
  return room

  function start(): void {
    if (!running) void run()
  }

  async function run(): Promise<void> {
    running = true
    while ((dirty.size > 0 || !swept) && !closed()) {
      const isSweep = !swept
      const ids = [...dirty]
      dirty.clear()
      swept = true
      try {
        while (!(await settleOnce(ids, isSweep)) && !closed());
      } catch (error) {
        // The next sweep finds what is still to be done. A fault has been reported.
        if (!closed() && !isFault(error))
          context.report('broker-failed', `the presence of '${topic}' was not told`, error)
      }
    }
    running = false
  }

  /** False where another node has changed the record meanwhile. */
  async function settleOnce(asked: readonly string[], isSweep: boolean): Promise<boolean> {
    const { record, text } = await register.read(topic)
    const { kept, isRid } = await sayLeft(record, isSweep)
    const members = new Set(Object.keys(record?.members ?? {}))
    const ids = new Set(isSweep ? [...asked, ...members, ...mine] : asked)
    const wishes = new Map<string, Wish>()
    const wished = async (id: string) => {
      const found = await wish(room, id, members.has(id))
      if (found) wishes.set(id, found)
    }
    await Promise.all([...ids].map(wished))
    const amended = amend(record, wishes, { by: node, now: context.clock.now(), most: settings.limits.presence })
    const { state, changes } = amended
    const isEmpty = record === null && Object.keys(state.members).length === 0 && !watched
    if (!isEmpty && (changes.length > 0 || (isSweep && isRid))) {
      if (!(await register.write(topic, text, { ...state, unsaid: [...kept, ...changes] }))) return false
      await say(changes)
    } else if (isSweep && !isEmpty) await register.prolong(topic)
    if (isSweep) sweptV = state.v
    for (const [id, what] of wishes) if (what === 'out') mine.delete(id)
    makeRoom(wishes, amended.crowded)
    return true
  }

  /** Says what a failure has left unsaid here, and what a node that died has: it was there at the last sweep already. */
  async function sayLeft(record: PresenceRecord | null, isSweep: boolean) {
    const unsaid = record?.unsaid ?? []
    const due = unsaid.filter(({ by, v }) => (by === node ? v > saidV : isSweep && v <= sweptV))
    await say(due)
    const kept = unsaid.filter((change) => change.by !== node && !due.includes(change))
    return { kept, isRid: kept.length < unsaid.length }
  }

  async function say(changes: readonly Unsaid[]): Promise<void> {
    for (let begin = 0; begin < changes.length; begin += saidAtOnce) {
      const some = changes.slice(begin, begin + saidAtOnce)
      await Promise.all(some.map(({ by, ...change }) => register.say(topic, change)))
      for (const { by, v } of some) if (by === node) saidV = Math.max(saidV, v)
    }
  }

  /** Those for whom there was no room are tried again once somebody leaves. */
  function makeRoom(wishes: ReadonlyMap<string, Wish>, turnedAway: readonly string[]): void {
    const isFirst = crowded.size === 0
    let left = false
    for (const [id, what] of wishes) {
      if (what === 'out') left = true
      if (!turnedAway.includes(id)) crowded.delete(id)
    }
    for (const id of turnedAway) {
      if (crowded.has(id)) continue
      crowded.add(id)
      context.refused('presence-limit')
    }
    if (isFirst && crowded.size > 0) {
      const most = settings.limits.presence
      context.report('presence-limit', `'${topic}' has ${most} members, and more are not shown`, null)
    }
    if (left) for (const id of crowded) dirty.add(id)
  }
}
