import type { Frame } from '@holdfast/protocol'
import { encodeFrame, formatCursor, HoldfastError, parseFrom, serverLimits, topicNameFault } from '@holdfast/protocol'
import type { Entry } from '../broker/broker.ts'
import { settle } from '../broker/retry.ts'
import type { Context } from '../context.ts'
import { authorize } from '../hooks.ts'
import { snapshotElements, snapshotsOf } from './snapshots.ts'
import type { Topics } from './topics.ts'

/** Answers a `read` with the line of a `page` or an `unread`. It changes nothing, and begins no topic. */
export async function readHistory(
  context: Context,
  topics: Topics,
  user: unknown,
  [, id, topic, from, to]: Frame<'read'>,
): Promise<string> {
  try {
    const wrong = topicNameFault(topic, true)
    if (wrong) throw new HoldfastError('bad-topic', wrong)
    const allow = async () => {
      if (await authorize(context, user, 'subscribe', topic)) return
      throw new HoldfastError('forbidden', `you may not subscribe to '${topic}'`)
    }
    await allow()
    const line = await page(context, topics, id, topic, from, to)
    // A snapshot takes as long as its hook does: the right may have been taken back meanwhile.
    if (topics.declared(topic).snapshot) await allow()
    return line
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    context.refused(error.code)
    return encodeFrame(['unread', id, error.code, error.message])
  }
}

async function page(
  context: Context,
  topics: Topics,
  id: number,
  topic: string,
  from: string,
  to: number,
): Promise<string> {
  const start = parseFrom(from)
  const last = start?.at === 'last' ? start.count : 0
  const state = await settle(context, () => topics.peek(topic, last))
  if (!state || !start) throw new HoldfastError('bad-cursor', `'${topic}' has no such history`)
  const feed = topics.feed(topic)
  const isLost = start.at === 'cursor' && (start.epoch !== state.epoch || start.offset < state.floor)
  const take = start.at === 'snapshot' || isLost ? snapshotsOf(feed, context) : null
  const taken = take && (await settle(context, take))
  const asked = {
    cursor: start.at === 'cursor' && start.epoch === state.epoch ? start.offset : 0,
    start: state.floor,
    snapshot: state.floor,
    last: state.before,
    live: state.head,
  }
  // Where the history begins later than asked, or anew, the page's position says so.
  const after = taken?.position.offset ?? Math.max(asked[start.at], state.floor)
  const limits = { maxEntries: serverLimits.pageEntries, maxBytes: context.settings.limits.batchBytes / 2 }
  const found = after < to ? await settle(context, () => feed.log.read(after, limits)) : null
  // It has begun anew meanwhile, or moved on from the snapshot.
  const isMoved = taken && (taken.position.epoch !== state.epoch || after < (found?.floor ?? 0))
  if (isMoved || (found && found.epoch !== state.epoch)) return page(context, topics, id, topic, from, to)
  const entries = (found?.entries ?? []).filter(({ offset }) => offset <= to)
  const newest = entries.at(-1)?.offset ?? to
  const done = newest >= Math.min(to, found?.head ?? to) || entries.length < (found?.entries.length ?? 0)
  const position = formatCursor(state.epoch, Math.max(after, found?.floor ?? 0))
  const snapshot = taken ? snapshotElements(taken) : ''
  return `["page",${id},"${position}",[${entries.map(pageEntry).join(',')}],${done}${snapshot}]`
}

function pageEntry({ epoch, offset, time, data, id, encoding }: Entry): string {
  const more = encoding
    ? `,${JSON.stringify(id ?? null)},"${encoding}"`
    : id === undefined
      ? ''
      : `,${JSON.stringify(id)}`
  return `["${formatCursor(epoch, offset)}",${time},${data}${more}]`
}
