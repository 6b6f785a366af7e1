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

/** Answers a request, whatever happens: never rejects. */
export type Serve = (exchange: Exchange) => Promise<void>

export interface Exchanges {
  /** What is at this path for this method; undefined where it is none of the hub's. */
  find(method: string, path: string): Serve | undefined
}

const topicPath = /^\/topics\/([^/]+)$/

export function createExchanges(context: Context, parts: HttpParts): Exchanges {
  const posts: Record<string, Serve> = {
    '/sse': guarded(createSse(context, parts)),
    '/send': guarded(createSend(context, parts)),
    '/poll': guarded(createPoll(context, parts)),
  }
  const topicAddress = createTopicAddress(context, parts)

  return {
    find(method, path) {
      if (method === 'POST' && Object.hasOwn(posts, path)) return posts[path]
      const topic = topicPath.exec(path)?.[1]
      if (topic === undefined || (method !== 'GET' && method !== 'POST')) return undefined
      return guarded((exchange) => topicAddress(exchange, topic))
    },
  }

  function guarded(serve: (exchange: Exchange) => Promise<void>): Serve {
    return async (exchange) => {
      try {
        if (!originAllowed(context, exchange)) throw fault('origin-forbidden', 'the page has another origin')
        if (!parts.open()) throw fault('shutting-down', 'this server goes')
        parts.transports.add(exchange)
        exchange.onGone(() => parts.transports.delete(exchange))
        await serve(exchange)
      } catch (error) {
        refuse(context, exchange, faultFrom(context, error))
      }
    }
  }
}
