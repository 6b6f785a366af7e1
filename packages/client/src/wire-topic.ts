import {
  type Cursor,
  decodePayload,
  type From,
  formatCursor,
  type GapEvent,
  type GapReason,
  HoldfastError,
  type MessageEvent,
  type PageEntry,
  type Position,
  parseCursor,
  type SnapshotEvent,
  type TopicEvent,
  type WireFrom,
} from '@holdfast/protocol'
import type { Observer } from 'rxjs'

/** An Observable's subscriber. */
export type Hearer = Observer<TopicEvent<unknown>>

/** One who listens to a topic. */
export interface Listener {
  readonly to: Hearer
  /** The topic's handle that it subscribed to. */
  readonly handle: object
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
  from: WireFrom
  position: Position | null
  conflate: boolean
  /** Subscribed again because of a hole; entries beyond the hole are dropped until it is filled. */
  mending: boolean
  /** The snapshot that the next frame brings, and the gap that is one step with it: the cursor stands before both until then. */
  awaited: { readonly cursor: Cursor; readonly gap: GapEvent | null } | null
  /** Whether the hub is sending it on the link that carries. */
  live: boolean
  listeners: readonly Listener[]
  linger: unknown
}

export const wireFrom = (from: From): WireFrom => (typeof from === 'object' ? `last-${from?.last}` : from) as WireFrom

export const createWireTopic = (name: string, from: WireFrom): WireTopic => ({
  name,
  from,
  position: null,
  conflate: false,
  mending: false,
  awaited: null,
  live: false,
  listeners: [],
  linger: null,
})

/** Where the wire subscription goes on: at the cursor once there is one. */
export const resumeFrom = ({ position, from }: WireTopic): WireFrom =>
  position ? formatCursor(position.epoch, position.offset) : from

/** Whether what is at `at` has been had by one who stands here: an entry at or below a cursor is dropped, whoever brought it. */
export const covers = (here: Position | null, at: Position): boolean =>
  here !== null && here.epoch === at.epoch && at.offset <= here.offset

/** Whether something before `at` is missing. */
export const isHole = ({ position, conflate }: WireTopic, at: Position): boolean =>
  position?.epoch !== at.epoch || (at.offset !== position.offset + 1 && !conflate)

export const messageEvent = ([cursor, time, data, id, encoding]: PageEntry, at: Position): MessageEvent<unknown> => ({
  type: 'message',
  data: decodePayload(data, encoding),
  cursor,
  ...at,
  time,
  ...(id && { id }),
})

export const gapEvent = (from: Cursor, to: Cursor, reason: string, snapshot: boolean): GapEvent => ({
  type: 'gap',
  from,
  to,
  reason: reason as GapReason,
  ...(snapshot && { snapshot }),
})

export const snapshotEvent = (cursor: Cursor, data: unknown, encoding: 'base64' | undefined): SnapshotEvent => ({
  type: 'snapshot',
  data: decodePayload(data, encoding),
  cursor,
})

/** Moves the cursor, and hands the event there to all that have joined and have not had it. */
export function emitAt(topic: WireTopic, at: Position, event: TopicEvent<unknown>): void {
  topic.position = at
  topic.mending = false
  for (const listener of topic.listeners) {
    if (!listener.joined || covers(listener.after, at)) continue
    const { after } = listener
    listener.after = null
    // For one who is further than the wire was, the gap is shorter.
    listener.to.next(
      after && event.type === 'gap' ? { ...event, from: formatCursor(after.epoch, after.offset) } : event,
    )
  }
}

/** Reads a cursor that a shape check has let through. */
export const positionOf = (cursor: Cursor): Position => {
  const position = parseCursor(cursor)
  if (!position) throw new HoldfastError('malformed', `no cursor: ${cursor}`)
  return position
}
