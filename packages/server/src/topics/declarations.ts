import type { StandardSchema, TopicPattern } from '@holdfast/protocol'
import { presenceOf } from '@holdfast/protocol'
import type { LogOptions } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import type { SessionHandle } from '../sessions/session.ts'
import type { History } from '../settings.ts'

/** What `hub.topics(pattern, options)` says of the topics whose names match. */
export interface TopicOptions<T = unknown, User = unknown> {
  history?: History
  /** Keeps the newest entry only (true), or the newest of each key. */
  conflate?: boolean | ((data: T) => string)
  /**
   * Compresses entries of some length on WebSocket, each once for all who get it, where the client offers permessage-deflate.
   * Not for what holds a secret beside text that others can choose: its length tells of the secret. Default false.
   */
  compress?: boolean
  /** The state, and the cursor up to which it includes the topic; without a cursor the position before the call is taken. */
  snapshot?: (topic: string) => MaybePromise<Snapshot | null | undefined>
  /** What clients publish has to pass it; what it makes of that is published. */
  schema?: StandardSchema<unknown, T>
  /**
   * Whoever is subscribed is shown to all who may subscribe: by the session's id alone (true), or with what this answers, at
   * once, of the user: a JSON value of at most 1,024 characters. It is asked when the session comes.
   */
  presence?: boolean | ((user: User, session: SessionHandle<User>) => unknown)
}

export interface Snapshot {
  readonly state: unknown
  readonly cursor?: string
}

/** The options of one topic with the defaults filled in. */
export interface Declared {
  readonly log: LogOptions
  readonly conflate: ((data: unknown) => string) | null
  readonly snapshot: ((topic: string) => MaybePromise<Snapshot | null | undefined>) | null
  readonly schema: StandardSchema | undefined
  /** Absent: no. */
  readonly compress?: boolean
  /** What is shown of a session; null where nothing is, not even that it is there. */
  readonly presence: ((user: unknown, session: SessionHandle) => unknown) | null
}

export interface Declarations {
  /** The first pattern that matches counts. `*` stands for any characters. */
  declare(topics: string | TopicPattern, options: TopicOptions<never>): void
  find(topic: string): Declared
  /** Whether any topic so far asks for it. */
  readonly compress: boolean
}

/** `presence`: of the topics that tell the presence of others. */
export function createDeclarations(history: Required<History>, idleMs: number, presence: Declared): Declarations {
  const declared: { pattern: RegExp; options: Declared }[] = []
  const fill = (options: TopicOptions<never>): Declared => ({
    log: { ...history, ...options.history, compact: Boolean(options.conflate), idleMs },
    conflate: conflation(options.conflate as TopicOptions['conflate']),
    snapshot: options.snapshot ?? null,
    schema: options.schema,
    compress: options.compress === true,
    presence: options.presence === true ? () => null : options.presence || null,
  })
  const fallback = fill({})

  return {
    declare(topics, options) {
      const { pattern, ...rest } = typeof topics === 'string' ? { pattern: topics } : topics
      declared.push({ pattern: toRegExp(pattern), options: fill({ ...rest, ...options } as TopicOptions<never>) })
    },
    find(topic) {
      if (presenceOf(topic) !== null) return presence
      return declared.find(({ pattern }) => pattern.test(topic))?.options ?? fallback
    },
    get compress() {
      return declared.some(({ options }) => options.compress)
    },
  }
}

const conflation = (conflate: TopicOptions['conflate']): Declared['conflate'] => {
  if (!conflate) return null
  return conflate === true ? () => '' : (data) => String(conflate(data))
}

const toRegExp = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*')}$`,
    'u',
  )
