import type { EncodedPayload, Position } from '@holdfast/protocol'
import { encodePayload, formatCursor, parseCursor } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Feed } from './feed.ts'

/** A topic's state, and the position up to which it includes the topic. */
export interface Taken {
  readonly position: Position
  readonly cursor: string
  readonly payload: EncodedPayload
}

/** Asks the `snapshot` hook; those who ask while it runs share its answer. Null where the topic has no hook. */
export function snapshotsOf(feed: Feed, context: Context): (() => Promise<Taken | null>) | null {
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
    return { position, cursor: formatCursor(position.epoch, position.offset), payload }
  } catch (error) {
    context.report('hook-failed', `the snapshot hook of '${feed.name}' failed`, error)
    return null
  }
}
