import type { EncodedPayload, Position } from '@holdfast/protocol'
import { encodePayload, formatCursor, parseCursor } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Feed } from './feed.ts'

export type TakeSnapshot = () => Promise<Taken | null>

/** A topic's state, and the position up to which it includes the topic. */
export interface Taken {
  readonly position: Position
  readonly cursor: string
  readonly payload: EncodedPayload
}

/**
 * Asks the `snapshot` hook; those who ask while it runs share its answer: null where there is none that the log can go on
 * from. Null where the topic has no hook.
 */
export function snapshotsOf(feed: Feed, context: Context): TakeSnapshot | null {
  const { snapshot } = feed.declared
  if (!snapshot) return null
  return () => {
    const running = asked.get(feed)
    if (running !== undefined) return running
    const asking = take(feed, snapshot, context).finally(() => asked.delete(feed))
    asked.set(feed, asking)
    return asking
  }
}

/** The last elements of a frame that brings it. */
export const snapshotElements = ({ payload: { json, encoding } }: Taken): string =>
  `,${json}${encoding ? `,"${encoding}"` : ''}`

const asked = new WeakMap<Feed, Promise<Taken | null>>()

async function take(
  feed: Feed,
  snapshot: NonNullable<Feed['declared']['snapshot']>,
  context: Context,
): Promise<Taken | null> {
  const before = await feed.state()
  try {
    const answer = await snapshot(feed.name)
    if (!answer || !before) return null
    const position =
      answer.cursor === undefined ? { epoch: before.epoch, offset: before.head } : parseCursor(answer.cursor)
    if (!position) throw new Error(`the snapshot hook answered the cursor '${answer.cursor}', which is none`)
    const payload = encodePayload(answer.state)
    const now = await feed.state()
    if (now?.epoch !== position.epoch || position.offset < now.floor) return null
    if (position.offset > now.head)
      throw new Error(`the topic has not come to the snapshot's cursor '${answer.cursor}'`)
    return { position, cursor: formatCursor(position.epoch, position.offset), payload }
  } catch (error) {
    context.report('hook-failed', `the snapshot hook of '${feed.name}' failed`, error)
    return null
  }
}
