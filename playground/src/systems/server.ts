import type { Action, Hub, Question } from '@holdfast/server'
import { serveChat } from './chat.server.ts'
import { serveCollab } from './collab.server.ts'
import { serveFeed } from './feed.server.ts'
import { serveGame } from './game.server.ts'
import { serveHybrid } from './hybrid.server.ts'
import { serveJob } from './job.server.ts'
import { serveMetrics } from './metrics.server.ts'
import { serveNotifications } from './notifications.server.ts'
import {
  cancelJob,
  carets,
  chat,
  countPrimes,
  doc,
  documents,
  job,
  markRead,
  metrics,
  news,
  notes,
  notify,
  pool,
  prices,
  steer,
  type User,
} from './topics.ts'

type Serve = (hub: Hub<User>) => () => void

const systems: readonly Serve[] = [
  serveChat,
  serveFeed,
  serveNotifications,
  serveMetrics,
  serveCollab,
  serveGame,
  serveJob,
  serveHybrid,
]

interface Permission {
  /** Of the topics that it matches. */
  readonly topics: { match(name: string): Readonly<Record<string, string>> | null }
  readonly actions: readonly Action[]
  /** Whose it is, where it is not everybody's. @param params the topic's own */
  readonly only?: (user: User, params: Readonly<Record<string, string>>) => boolean
}

const permissions: readonly Permission[] = [
  { topics: chat, actions: ['subscribe', 'publish'] },
  { topics: prices, actions: ['subscribe'] },
  { topics: news, actions: ['subscribe'] },
  { topics: notes, actions: ['subscribe'], only: ({ id }, { user }) => id === user },
  { topics: metrics, actions: ['subscribe'] },
  { topics: doc, actions: ['subscribe', 'publish'], only: isDocument },
  { topics: carets, actions: ['subscribe', 'publish'], only: isDocument },
  { topics: pool, actions: ['subscribe'] },
  { topics: steer, actions: ['publish'] },
  { topics: job, actions: ['subscribe'] },
]

/** The names of the requests that everybody may make. */
const requests = new Set<string>([notify.name, markRead.name, countPrimes.name, cancelJob.name])

/** Declares and serves all systems; answers what stops them. */
export function serveSystems(hub: Hub<User>): () => void {
  const stops = systems.map((serve) => serve(hub))
  return () => {
    for (const stop of stops) stop()
  }
}

export function mayUseSystem({ user, topic, action }: Question<User>): boolean {
  if (action === 'request') return requests.has(topic)
  return permissions.some(({ topics, actions, only }) => {
    const params = topics.match(topic)
    return params !== null && actions.includes(action) && (!only || only(user, params))
  })
}

function isDocument(_user: User, { id = '' }: Readonly<Record<string, string>>): boolean {
  return documents.includes(id)
}
