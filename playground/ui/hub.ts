import type { ConnectionState } from '@holdfast/client'
import type { Hub } from '@holdfast/server'
import { connectionStore, type StateAt, topicStore } from '@holdfast/store'
import { NEVER } from 'rxjs'
import { z } from 'zod'
import { clicks, counting, type Live, lines, newest, type Seen, type Served, telling } from './live.ts'

/** The hub's half: the same folds over the hub's own topics. One is the snapshot of its topic, both can be rendered. */
export function serveLive(hub: Hub, history = { count: 100 }): Live {
  hub.topics(clicks, { history, snapshot: () => stateOf(counter.get()) ?? { state: counting.initial } })
  // Here, where it is needed: pages do without the code that checks.
  const schema = z.object({ id: z.string(), text: z.string().trim().min(1).max(200) })
  hub.topics(lines, { history, schema })
  const counter = topicStore(hub.topic(clicks(), { from: 'start' }), counting)
  const feed = topicStore(hub.topic(lines(), { from: { last: newest } }), telling)
  return { counter, feed, link: connectionStore({ getState: () => none, state$: NEVER }) }
}

/** What goes along with a rendered page. */
export const served = ({ counter, feed }: Live): Served => ({
  counter: stateOf(counter.get()),
  feed: stateOf(feed.get()),
})

const stateOf = <S>({ context: { confirmed, cursor } }: Seen<S>): StateAt<S> | undefined =>
  cursor === null ? undefined : { state: confirmed, cursor }

/** As a page's connection is before it opens. */
const none: ConnectionState = {
  phase: 'idle',
  transport: null,
  reason: null,
  attempt: 0,
  retryAt: null,
  rttMs: null,
  pending: 0,
  lastError: null,
  state: 'idle',
}
