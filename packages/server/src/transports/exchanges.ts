import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import type { Admission } from '../sessions/admission.ts'
import { faultFrom } from '../sessions/admission.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Topics } from '../topics/topics.ts'
import type { Exchange } from './exchange.ts'
import { refuse } from './exchange.ts'
import { originAllowed } from './origin.ts'
import type { PlainStreams } from './plain-streams.ts'
import { createPoll } from './poll.ts'
import { createSend } from './send.ts'
import { createSse } from './sse.ts'
import { createTopicAddress } from './topic-address.ts'
import type { Transports } from './transports.ts'

export interface HttpParts {
  readonly admission: Admission
  readonly sessions: Sessions
  readonly topics: Topics
  readonly transports: Transports
  readonly streams: PlainStreams
  /** False once the hub closes. */
  open(): boolean
}

export interface Exchanges {
  /** Whether there is something at this path for this method. */
  has(method: string, path: string): boolean
  /** False if the request is none of the hub's. Never rejects. */
  serve(exchange: Exchange): Promise<boolean>
}

const topicPath = /^\/topics\/([^/]+)$/

export function createExchanges(context: Context, parts: HttpParts): Exchanges {
  const posts: Record<string, (exchange: Exchange) => Promise<void>> = {
    '/sse': createSse(context, parts),
    '/send': createSend(context, parts),
    '/poll': createPoll(context, parts),
  }
  const topicAddress = createTopicAddress(context, parts)

  return {
    has: (method, path) => find(method, path) !== undefined,
    async serve(exchange) {
      const serve = find(exchange.method, exchange.path)
      if (!serve) return false
      try {
        if (!originAllowed(context, exchange)) throw fault('origin-forbidden', 'the page has another origin')
        if (!parts.open()) throw fault('shutting-down', 'this server goes')
        parts.transports.add(exchange)
        exchange.onGone(() => parts.transports.delete(exchange))
        await serve(exchange)
      } catch (error) {
        refuse(context, exchange, faultFrom(context, error))
      }
      return true
    },
  }

  function find(method: string, path: string): ((exchange: Exchange) => Promise<void>) | undefined {
    if (method === 'POST' && Object.hasOwn(posts, path)) return posts[path]
    const topic = topicPath.exec(path)?.[1]
    if (topic === undefined || (method !== 'GET' && method !== 'POST')) return undefined
    return (exchange) => topicAddress(exchange, topic)
  }
}
