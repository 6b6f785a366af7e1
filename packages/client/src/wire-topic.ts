import {
  type Cursor,
  type From,
  formatCursor,
  type GapReason,
  HoldfastError,
  type MessageEvent,
  type Position,
  parseCursor,
  type TopicEvent,
  type WireFrom,
} from '@holdfast/protocol'
import type { Observer } from 'rxjs'

/** An Observable's subscriber. */
export type Hearer = Observer<TopicEvent<unknown>>

/** One who listens to a topic. */
export interface Listener {
  readonly to: Hearer
  readonly from: WireFrom
  /** Only what comes after this is for this listener; null: everything that comes. */
  after: Position | null
  /** False while it waits for the topic's position, or reads what it missed. */
  joined: boolean
}

/** A topic as this client has subscribed to it on the wire: one cursor, however many listen. */
export interface WireTopic {
  readonly name: string
  /** Where the wire subscription starts, until the first answer. */
  readonly from: WireFrom
  position: Position | null
  conflate: boolean
  /** Subscribed again because of a hole; entries beyond the hole are dropped until it is filled. */
  mending: boolean
  listeners: readonly Listener[]
  linger: unknown
}

export const wireFrom = (from: From): WireFrom => (typeof from === 'object' ? `last-${from.last}` : from) as WireFrom

export const createWireTopic = (name: string, from: WireFrom): WireTopic => ({
  name,
  from,
  position: null,
  conflate: false,
  mending: false,
  listeners: [],
  linger: null,
})

/** Where the wire subscription goes on: at the cursor once there is one. */
export const resumeFrom = ({ position, from }: WireTopic): WireFrom =>
  position ? formatCursor(position.epoch, position.offset) : from

export type Arrival = 'fresh' | 'known' | 'hole'

/**
 * Takes an entry's cursor: `known` if it is at or below ours, whoever brought it; `hole` if something before it is missing.
 * Only a `fresh` one moves the cursor.
 */
export function arrive(topic: WireTopic, at: Position): Arrival {
  const { position } = topic
  if (!position || at.epoch !== position.epoch) return 'hole'
  if (at.offset <= position.offset) return 'known'
  if (at.offset !== position.offset + 1 && !topic.conflate) return 'hole'
  topic.position = at
  topic.mending = false
  return 'fresh'
}

/** Takes the end of a gap or a snapshot's cursor; false if we are there already. */
export function jump(topic: WireTopic, to: Position): boolean {
  const { position } = topic
  if (position && position.epoch === to.epoch && to.offset <= position.offset) return false
  topic.position = to
  topic.mending = false
  return true
}

export const messageEvent = (
  cursor: Cursor,
  at: Position,
  time: number,
  data: unknown,
  id: string | null | undefined,
): MessageEvent<unknown> => ({
  type: 'message',
  data,
  cursor,
  offset: at.offset,
  epoch: at.epoch,
  time,
  ...(id && { id }),
})

export const gapEvent = (from: Cursor, to: Cursor, reason: string) =>
  ({ type: 'gap', from, to, reason: reason as GapReason }) as const

/** Hands an event at `at` to all that have joined and have not had it. */
export function emitAt(topic: WireTopic, at: Position, event: TopicEvent<unknown>): void {
  for (const listener of topic.listeners) {
    if (!listener.joined) continue
    const { after } = listener
    if (after) {
      if (after.epoch === at.epoch && at.offset <= after.offset) continue
      listener.after = null
    }
    listener.to.next(event)
  }
}

/** Reads a cursor that a shape check has let through. */
export const positionOf = (cursor: Cursor): Position => {
  const position = parseCursor(cursor)
  if (!position) throw new HoldfastError('malformed', `no cursor: ${cursor}`)
  return position
}
