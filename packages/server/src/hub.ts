import type { Server } from 'node:http'
import type { HoldfastError } from '@holdfast/protocol'
import type { Observable, Subscriber } from 'rxjs'
import { createAdmission } from './admission.ts'
import { drawId, realClock } from './clock.ts'
import type { Context } from './context.ts'
import type { TopicOptions } from './declarations.ts'
import { createDeclarations } from './declarations.ts'
import { createErrors } from './errors.ts'
import { createFlusher } from './flusher.ts'
import { memoryBroker } from './memory-broker.ts'
import type { HubOptions } from './options.ts'
import { fillSettings } from './options.ts'
import type { RequestHandler } from './requests.ts'
import { createRequests } from './requests.ts'
import type { SessionHandle } from './session.ts'
import { createSessions } from './sessions.ts'
import type { Upgrade } from './sockets.ts'
import { acceptSocket } from './sockets.ts'
import { createTimers } from './timers.ts'
import type { HubTopic, HubTopicOptions } from './topic.ts'
import { createHubTopic } from './topic.ts'
import { createTopics } from './topics.ts'
import { createWebSocketGlue } from './ws.ts'

export interface Hub<User = unknown> {
  /** Serves WebSocket upgrades of `path`; other paths are left alone. Answers what takes it off again. */
  attach(server: Server, path: string): () => void
  topic<T = unknown>(name: string, options?: HubTopicOptions): HubTopic<T, User>
  /** Options of all topics that match; `*` stands for any characters, the first declaration that matches counts. */
  topics<T = unknown>(pattern: string, options: TopicOptions<T>): void
  /** Answers requests of this name; answers what takes the handler off. */
  handle<Data = unknown>(name: string, handler: RequestHandler<User, Data>): () => void
  /** Failures of hooks, listeners and the broker; console.error has them while nobody subscribes. */
  readonly errors$: Observable<HoldfastError>
  /** Serves one socket that speaks WebSocket by other means. */
  accept(upgrade: Upgrade): void
  close(options?: { drainMs?: number }): Promise<void>
}

export function createHub<User = unknown>(options: HubOptions<User> = {}): Hub<User> {
  const settings = fillSettings(options as unknown as HubOptions<never>)
  const clock = options.clock ?? realClock
  const random = options.random ?? Math.random
  const broker = options.broker ?? memoryBroker({ clock, random })
  const errors = createErrors()
  const refusals = new Map<string, number>()
  const context: Context = {
    settings,
    clock,
    random,
    broker,
    node: drawId(random, 12),
    flusher: createFlusher(clock),
    timers: createTimers(clock),
    report: errors.report,
    refused: (code) => refusals.set(code, (refusals.get(code) ?? 0) + 1),
  }
  const declarations = createDeclarations(settings.history, settings.sessionTtlMs)
  const topics = createTopics(context, declarations)
  const requests = createRequests(context)
  const sessions = createSessions(context, topics, requests, created)
  const admission = createAdmission(context, topics, sessions)
  const glue = createWebSocketGlue(settings.limits.batchBytes, accept)
  const subscribers = new Set<Subscriber<never>>()

  function accept(upgrade: Upgrade): void {
    void acceptSocket(context, admission, upgrade)
  }

  function created(handle: SessionHandle): void {
    const report = (error: unknown) => context.report('hook-failed', 'onSession failed', error)
    try {
      const result = settings.onSession?.(handle as never)
      Promise.resolve(result).catch(report)
    } catch (error) {
      report(error)
    }
  }

  return {
    attach: glue.attach,
    topic: (name, topicOptions = {}) =>
      createHubTopic(context, { topics, handle: sessions.handle, subscribers }, name, topicOptions),
    topics: (pattern, topicOptions) => declarations.declare(pattern, topicOptions as unknown as TopicOptions<never>),
    handle: (name, handler) => requests.handle(name, handler as RequestHandler<never, never>),
    errors$: errors.errors$,
    accept,
    async close() {
      admission.close()
      glue.close()
      context.timers.close()
    },
  }
}
