import type { RequestListener, Server } from 'node:http'
import type {
  CloseCode,
  HoldfastError,
  PresenceTopic,
  RequestDefinition,
  TopicAddress,
  TopicPattern,
} from '@holdfast/protocol'
import { presencePrefix } from '@holdfast/protocol'
import type { Router } from 'express'
import type { Observable } from 'rxjs'
import { nameFailures } from './broker/failures.ts'
import { memoryBroker } from './broker/memory-broker.ts'
import { drawId, realClock } from './clock.ts'
import type { Context } from './context.ts'
import { createErrors } from './errors.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createFlusher } from './links/flusher.ts'
import type { HubOptions } from './options.ts'
import { fillSettings } from './options.ts'
import { createPresence } from './presence/presence.ts'
import { createRegister } from './presence/register.ts'
import { createAdmission } from './sessions/admission.ts'
import { createGrants } from './sessions/grants.ts'
import type { RequestHandler } from './sessions/requests.ts'
import { createRequests } from './sessions/requests.ts'
import type { Session, SessionHandle } from './sessions/session.ts'
import { createSessions } from './sessions/sessions.ts'
import type { HubStats } from './stats.ts'
import { collectStats } from './stats.ts'
import { createTimers } from './timers.ts'
import type { TopicOptions } from './topics/declarations.ts'
import { createDeclarations } from './topics/declarations.ts'
import { LastRead } from './topics/last-read.ts'
import type { HubTopic, HubTopicOptions } from './topics/topic.ts'
import { createHubTopic } from './topics/topic.ts'
import { createTopics } from './topics/topics.ts'
import type { Exchange } from './transports/exchange.ts'
import { createExchanges } from './transports/exchanges.ts'
import { createHandler, createRouter, notFound } from './transports/http.ts'
import { createPlainStreams } from './transports/plain-streams.ts'
import type { Upgrade } from './transports/sockets.ts'
import { acceptSocket } from './transports/sockets.ts'
import { createTransports } from './transports/transports.ts'
import { createWebSocketGlue } from './transports/ws.ts'

export interface Hub<User = unknown> {
  /** Serves WebSocket upgrades of `path`; other paths are left alone. Answers what takes it off again. */
  attach(server: Server, path: string): () => void
  topic<T = unknown>(topic: string | TopicAddress<T>, options?: HubTopicOptions<T>): HubTopic<T, User>
  /** Options of all topics that match; `*` stands for any characters, the first declaration that matches counts. */
  topics<T = unknown>(topics: string | TopicPattern<T>, options: TopicOptions<T, User>): void
  /** Who is in a topic that was declared with `presence`: at first all of them, then each change. */
  presence<Info = unknown>(topic: string | TopicAddress): PresenceTopic<Info>
  /** Answers requests of this name; answers what takes the handler off. */
  handle<Data, Answer>(
    request: RequestDefinition<Data, Answer>,
    handler: RequestHandler<User, Data, Answer>,
  ): () => void
  handle<Data = unknown>(name: string, handler: RequestHandler<User, Data>): () => void
  /** Failures of hooks, listeners and the broker; console.error has them while nobody subscribes. */
  readonly errors$: Observable<HoldfastError>
  /** The Express router of SSE, POSTs, polling and the topics' own addresses. */
  router(): Router
  /**
   * The same below `path` for a server of Node's own: `createServer(hub.handler('/realtime'))`. What is none of the hub's goes to
   * `next`, by default to a 404. Where that is an Express application the hub's requests skip its middleware, and cost half.
   */
  handler(path: string, next?: RequestListener): RequestListener
  /** Ends a session, or all sessions of a user, on every node. Default code: `disconnected`. */
  disconnect(target: User | SessionHandle<User>, code?: CloseCode): Promise<void>
  /** Ends a user's subscriptions of a topic on every node; `authorize` decides about the next. */
  revoke(user: User, topic: string): Promise<void>
  stats(): HubStats
  /** Serves one WebSocket that comes by other means than `attach`. */
  accept(upgrade: Upgrade): void
  /** Serves one HTTP request that comes by other means than `router`; false if it is none of the hub's. */
  exchange(exchange: Exchange): Promise<boolean>
  /** Tells everyone to go elsewhere, lets handlers answer and what is written leave for so long (default 500 ms), then ends all. Idempotent. */
  close(options?: { drainMs?: number }): Promise<void>
}

export function createHub<User = unknown>(options: HubOptions<User> = {}): Hub<User> {
  const settings = fillSettings(options as unknown as HubOptions<never>)
  const clock = options.clock ?? realClock
  const random = options.random ?? Math.random
  const broker = options.broker ?? memoryBroker({ clock, random })
  const errors = createErrors()
  const refusals = new Map<string, number>()
  const beganAt = clock.now()
  const uptime = () => clock.now() - beganAt
  const context: Context = {
    settings,
    clock,
    uptime,
    random,
    broker: nameFailures(broker),
    sole: !options.broker,
    node: drawId(random, 12),
    flusher: createFlusher(clock, uptime),
    timers: createTimers(clock),
    lastRead: new LastRead(),
    report: errors.report,
    refused: (code) => refusals.set(code, (refusals.get(code) ?? 0) + 1),
  }
  const register = createRegister(context)
  const declarations = createDeclarations(settings.history, settings.sessionTtlMs, register.declared)
  const topics = createTopics(context, declarations, wake)
  const presence = createPresence(context, register, topics, (id) => sessions.at(id))
  const requests = createRequests(context)
  const sessions = createSessions(context, topics, requests, presence, { created, wake })
  const admission = createAdmission(context, topics, sessions)
  const transports = createTransports()
  const streams = createPlainStreams(context, transports, wake)
  const housekeeping = createHousekeeping(context, { presence, sessions, streams, topics })
  const grants = createGrants(context, sessions, streams)
  const exchanges = createExchanges(context, { admission, sessions, topics, transports, streams, open: isOpen })
  const glue = createWebSocketGlue(settings.limits.batchBytes, accept, () => declarations.compress)
  const subscribers = new Set<{ complete(): void }>()
  const topicParts = { topics, handle: sessions.handle, subscribers, isOpen }
  let closing: Promise<void> | null = null

  function isOpen(): boolean {
    return !closing
  }

  function wake(): void {
    housekeeping.wake()
  }

  function accept(upgrade: Upgrade): void {
    void acceptSocket(context, admission, transports, upgrade)
  }

  async function close(drainMs: number): Promise<void> {
    admission.close()
    glue.detach()
    const reason = { code: 'shutting-down', message: 'this server goes' } as const
    for (const { links } of sessions) for (const link of links) link.end(reason)
    streams.endAll()
    // What a handler answers is for whoever the client goes to next.
    const idle = Promise.all([transports.idle(), requests.idle()])
    if (drainMs > 0) await Promise.race([idle, context.timers.pause(drainMs)])
    requests.close()
    glue.close()
    transports.destroyAll()
    presence.close()
    sessions.close()
    grants.close()
    for (const subscriber of [...subscribers]) subscriber.complete()
    topics.close()
    context.timers.close()
    if (!options.broker) await broker.close()
    errors.close()
  }

  function created(session: Session): void {
    if (!settings.onSession) return
    const report = (error: unknown) => context.report('hook-failed', 'onSession failed', error)
    try {
      const result = settings.onSession(session.handle as never)
      Promise.resolve(result).catch(report)
    } catch (error) {
      report(error)
    }
  }

  return {
    attach: glue.attach,
    topic: <T>(topic: string | TopicAddress<T>, { from = 'live', schema }: HubTopicOptions<T> = {}) => {
      const address = typeof topic === 'string' ? { name: topic } : topic
      return createHubTopic<T, User>(context, topicParts, { schema, ...address }, from)
    },
    presence: <Info>(topic: string | TopicAddress) => {
      const name = presencePrefix + (typeof topic === 'string' ? topic : topic.name)
      return createHubTopic<never, User>(context, topicParts, { name }, 'snapshot') as unknown as PresenceTopic<Info>
    },
    topics: (pattern, topicOptions) => declarations.declare(pattern, topicOptions as unknown as TopicOptions<never>),
    handle: (request: string | RequestDefinition, handler: RequestHandler<User, never>) =>
      requests.handle(
        typeof request === 'string' ? { name: request } : request,
        handler as unknown as RequestHandler<never, never>,
      ),
    errors$: errors.errors$,
    accept,
    disconnect: grants.disconnect,
    revoke: grants.revoke,
    router: () => createRouter(context, exchanges),
    handler: (path, next = notFound) => createHandler(context, exchanges, path, next),
    async exchange(exchange) {
      const serve = exchanges.find(exchange.method, exchange.path)
      await serve?.(exchange)
      return serve !== undefined
    },
    stats: () => collectStats({ sessions, streams, topics }, refusals),
    close({ drainMs = 500 } = {}) {
      closing ??= close(drainMs)
      return closing
    },
  }
}
