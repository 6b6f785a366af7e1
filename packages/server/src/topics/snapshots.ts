import type { EncodedPayload, Position } from '@holdfast/protocol'
import { encodePayload, formatCursor, parseCursor } from '@holdfast/protocol'
import type { LogState } from '../broker/broker.ts'
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

/** What the hook says, as long as the log can go on from there. */
async function take(
  feed: Feed,
  hook: NonNullable<Feed['declared']['snapshot']>,
  context: Context,
): Promise<Taken | null> {
  const before = await feed.state()
  const failed = (error: unknown) => {
    context.report('hook-failed', `the snapshot hook of '${feed.name}' failed`, error)
    return null
  }
  const taken = before && (await answerOf(feed.name, hook, before).catch(failed))
  const now = taken && (await feed.state())
  if (!taken || now?.epoch !== taken.position.epoch || taken.position.offset < now.floor) return null
  if (taken.position.offset <= now.head) return taken
  return failed(new Error(`it answered the cursor '${taken.cursor}', to which the topic has not come`))
}

async function answerOf(
  topic: string,
  hook: NonNullable<Feed['declared']['snapshot']>,
  { epoch, head }: LogState,
): Promise<Taken | null> {
  const answer = await hook(topic)
  if (!answer) return null
  const position = answer.cursor === undefined ? { epoch, offset: head } : parseCursor(answer.cursor)
  if (!position) throw new Error(`it answered the cursor '${answer.cursor}', which is none`)
  const payload = encodePayload(answer.state)
  return { position, cursor: formatCursor(position.epoch, position.offset), payload }
}
