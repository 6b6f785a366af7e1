import {
  type From,
  HoldfastError,
  type PresenceTopic,
  type PublishOptions,
  presencePrefix,
  type RequestDefinition,
  type StandardSchema,
  type Topic,
  type TopicAddress,
} from '@holdfast/protocol'
import type { Observable } from 'rxjs'
import { type ActorRefFrom, createActor } from 'xstate'
import { createLinks } from './links.ts'
import { connectionMachine } from './machine.ts'
import { type CoreOptions, settle } from './options.ts'
import { watchPage } from './page.ts'
import { createMemory } from './remember.ts'
import { createSender } from './sender.ts'
import { closed, createSession } from './session.ts'
import { createStateStream } from './state-stream.ts'
import type { ConnectionState } from './status.ts'
import { createStreams } from './streams.ts'
import { createTopic } from './topic.ts'
import type { MachineEvent } from './vocabulary.ts'

const requestTimeoutMs = 30_000

export interface TopicOptions<T> {
  readonly from?: From
  readonly schema?: StandardSchema<unknown, T>
}

type RequestData<Data> = undefined extends Data
  ? [data?: Data, options?: PublishOptions]
  : [data: Data, options?: PublishOptions]

export interface Connection {
  /** Replays the latest; a change of gauges alone (`rttMs`, `pending`) is emitted at most every 250 ms. */
  readonly state$: Observable<ConnectionState>
  /** Always current. */
  getState(): ConnectionState
  /**
   * @param topic its name, or what a definition answers
   * @param options `from`: where each subscriber starts, default 'live'; `schema`: what messages have to pass, in either direction
   */
  topic<T = unknown>(topic: string | TopicAddress<T>, options?: TopicOptions<T>): Topic<T>
  /**
   * Who is in a topic that the hub declared with `presence`: at first all of them, then each change. `session` is one's own id.
   * A name of at most 190 bytes.
   */
  presence<Info = unknown>(topic: string | TopicAddress): PresenceTopic<Info>
  /** What the hub sends to this client alone. */
  readonly inbox: Observable<unknown>
  /** Starts a handler at the hub; answers what it answered. Default `timeoutMs`: 30,000. */
  request<Data, Answer>(request: RequestDefinition<Data, Answer>, ...data: RequestData<NoInfer<Data>>): Promise<Answer>
  request<R = unknown>(name: string, data?: unknown, options?: PublishOptions): Promise<R>
  /** The one place where a failing listener or hook surfaces; `console.error` if nobody subscribes. */
  readonly errors$: Observable<HoldfastError>
  /** The public id of the session: what publish ids begin with. */
  readonly session: string
  /** The machine, for inspectors. */
  readonly actor: ActorRefFrom<typeof connectionMachine>
  /** Tries again now, whatever the countdown says, also after the hub said stop. */
  reconnect(): void
  /** Says goodbye. @param options `drainMs`: how long what is unanswered is waited for; default 0. The rest is rejected. */
  close(options?: { drainMs?: number }): Promise<void>
}

/** Opens a connection in the next microtask. @param url where the hub is mounted; may be relative in a browser */
export function connect(url: string, options: CoreOptions): Connection {
  const settings = settle(url, options)
  const { clock } = settings
  const streams = createStreams()
  const usable = settings.transports.filter((transport) => !transport.missing)
  const memory = createMemory(settings)

  // What comes after the end, a second close for one, is nothing to be warned of.
  const send = (event: MachineEvent) => actor.getSnapshot().status === 'active' && actor.send(event)
  const session = createSession(settings, streams, send, () => states.gaugesChanged())
  const { ask, match } = createLinks(settings, session, streams.report, send)
  const actor = createActor(connectionMachine, {
    input: {
      transports: usable.map((transport) => transport.name),
      missing: settings.transports[0]?.missing ?? null,
      routes: memory.recall(),
      timing: settings.timing,
      now: clock.now,
      random: settings.random,
      isOffline: () => settings.page?.navigator?.onLine === false,
      prove: (id) => (id ? ask(id) : session.pulse.prove()),
    },
    clock,
  })
  const states = createStateStream(actor, streams, clock, () => ({
    rttMs: session.pulse.rttMs,
    pending: session.outbox.pending,
  }))

  const ended = () => {
    const { value, context } = actor.getSnapshot()
    if (value === 'closing' || value === 'closed') return closed()
    const { lastError } = context
    return value === 'failed' && lastError ? new HoldfastError(lastError.code, lastError.message) : null
  }
  const submit = createSender(session, clock, ended, streams.report)
  const parts = { topics: session.topics, streams, send: submit, ended }
  const life = new AbortController()
  watchPage(settings.page, life.signal, send, () => {
    const text = session.farewell()
    // What a socket is given while its page is torn down goes nowhere; a beacon outlives the page.
    if (text) settings.page?.navigator?.sendBeacon?.(`${settings.url}/send`, text)
  })

  actor.subscribe({
    next({ context, value }) {
      match(context)
      const { carrier } = context
      if (carrier) memory.keep(carrier.name, carrier.since - carrier.startedAt)
      if (value === 'failed') session.fail(ended() as HoldfastError)
      if (value === 'closing') session.finish(context.drainMs, () => send({ type: 'drained' }))
      states.changed()
    },
    complete() {
      life.abort()
      session.end()
      states.end()
      streams.end()
    },
  })
  actor.start()
  queueMicrotask(() => send({ type: 'connect' }))

  return {
    state$: states.state$,
    getState: states.getState,
    topic: <T>(topic: string | TopicAddress<T>, { from = 'live', schema }: TopicOptions<T> = {}) => {
      return createTopic<T>(parts, { schema, ...named(topic) }, from)
    },
    presence: <Info>(topic: string | TopicAddress) => {
      const name = presencePrefix + named(topic).name
      return createTopic(parts, { name }, 'snapshot') as unknown as PresenceTopic<Info>
    },
    inbox: session.inbox,
    request: async <R>(request: string | RequestDefinition, data: unknown = null, options: PublishOptions = {}) => {
      const { name, input }: RequestDefinition = named(request)
      const target = { name, schema: input }
      return submit('request', target, data, { timeoutMs: requestTimeoutMs, ...options }) as Promise<R>
    },
    errors$: streams.errors$,
    get session() {
      return session.id
    },
    actor,
    reconnect: () => send({ type: 'reconnect' }),
    close: ({ drainMs = 0 } = {}) =>
      new Promise((resolve) => {
        actor.subscribe({ complete: resolve })
        send({ type: 'close', drainMs })
      }),
  }
}

const named = <Named extends { readonly name: string }>(one: string | Named) =>
  (typeof one === 'string' ? { name: one } : one) as Named
