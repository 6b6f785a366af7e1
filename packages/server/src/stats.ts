import type { Sessions } from './sessions/sessions.ts'
import type { Topics } from './topics/topics.ts'
import type { PlainStreams } from './transports/plain-streams.ts'

/** What one node has to do at this moment, and what it has refused so far. */
export interface HubStats {
  /** By the transport of their newest link; `away`: without a link here. */
  readonly sessions: { readonly websocket: number; readonly sse: number; readonly poll: number; readonly away: number }
  /** Streams of topics' own addresses. */
  readonly streams: number
  readonly topics: number
  /** Gathered or held because the network has not taken it. */
  readonly bytesBuffered: number
  /** How often, by code. */
  readonly refusals: Readonly<Record<string, number>>
}

export function collectStats(
  { sessions, streams, topics }: { sessions: Sessions; streams: PlainStreams; topics: Topics },
  refusals: ReadonlyMap<string, number>,
): HubStats {
  const counts = { websocket: 0, sse: 0, poll: 0, away: 0 }
  let bytesBuffered = streams.buffered
  for (const { links } of sessions) {
    for (const { waiting } of links) bytesBuffered += waiting
    counts[links.at(-1)?.transport ?? 'away']++
  }
  return {
    sessions: counts,
    streams: streams.size,
    topics: topics.size,
    bytesBuffered,
    refusals: Object.fromEntries(refusals),
  }
}
