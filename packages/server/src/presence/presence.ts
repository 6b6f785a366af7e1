import { presenceOf } from '@holdfast/protocol'
import { settle } from '../broker/retry.ts'
import type { Context } from '../context.ts'
import type { SessionRecord } from '../sessions/identity.ts'
import type { Session } from '../sessions/session.ts'
import type { Topics } from '../topics/topics.ts'
import type { Wish } from './record.ts'
import type { Register } from './register.ts'
import type { Room } from './room.ts'
import { createRoom } from './room.ts'

/** Who is in which topic: a session that is subscribed to one with presence, until it says otherwise or is over. */
export interface Presence {
  /** Rooms that this node looks after. */
  readonly size: number
  /** What the session is subscribed to may have changed; without a topic, in all where this node has brought it in. */
  look(id: string, topic?: string): void
  /** The session is at another node now, which has to know of these topics; they are that node's matter. */
  handOver(id: string): string[]
  sweep(): void
  close(): void
}

export function createPresence(
  context: Context,
  register: Register,
  topics: Topics,
  sessionHere: (id: string) => Session | undefined,
): Presence {
  const rooms = new Map<string, Room>()
  let closed = false
  const parts = { register, wish, closed: () => closed }

  const open = (topic: string): Room => {
    const room = rooms.get(topic) ?? createRoom(context, topic, parts)
    rooms.set(topic, room)
    return room
  }
  const roomsOf = (id: string) => [...rooms.values()].filter(({ mine }) => mine.has(id))

  async function wish(room: Room, id: string, isMember: boolean): Promise<Wish | undefined> {
    const session = sessionHere(id)
    const isSubscribed = session?.isSubscribed(room.topic) ?? null
    if (session && isSubscribed) {
      room.mine.add(id)
      return isMember ? undefined : { info: describe(session, room.topic) }
    }
    if (isSubscribed === false) return 'out'
    // No link of it is here, or it waits to be allowed: it stays for as long as it lives.
    const text = await settle(context, () => context.broker.sessions.get(id))
    return text === null || (JSON.parse(text) as SessionRecord).ended ? 'out' : undefined
  }

  function describe({ user, handle }: Session, topic: string): unknown {
    try {
      const text = JSON.stringify(topics.declared(topic).presence?.(user, handle) ?? null)
      if (text.length <= maxInfoLength) return JSON.parse(text)
      throw new Error(`what others are to see has ${text.length} characters, at most ${maxInfoLength} are shown`)
    } catch (error) {
      context.report('hook-failed', `the presence hook of '${topic}' failed`, error)
      return null
    }
  }

  return {
    get size() {
      return rooms.size
    },
    look(id, topic) {
      if (closed) return
      if (topic === undefined) for (const room of roomsOf(id)) room.look([id])
      else if (topics.declared(topic).presence) open(topic).look([id])
    },
    handOver(id) {
      const left = roomsOf(id)
      for (const { mine } of left) mine.delete(id)
      return left.map(({ topic }) => topic)
    },
    sweep() {
      const watched = new Set([...topics.watched()].map(presenceOf))
      for (const topic of watched) if (topic !== null) open(topic)
      for (const [topic, room] of rooms) {
        if (room.idle && !watched.has(topic)) rooms.delete(topic)
        else room.sweep(watched.has(topic))
      }
    },
    close() {
      closed = true
    },
  }
}

const maxInfoLength = 1_024
