import { serverLimits, wireLimits } from '@holdfast/protocol'

/** Sizes in bytes, times in ms. What happens at each stands in PROTOCOL.md or beside it. */
export const hubLimits = {
  /** One payload; more is rejected. */
  messageBytes: wireLimits.messageBytes,
  /** One batch; more closes the link. */
  batchBytes: wireLimits.batchBytes,
  /** Unacknowledged bytes on one link; beyond it the hub waits and later reads on from the log. */
  inFlightBytes: serverLimits.inFlightBytes,
  /** In a socket's own buffer; beyond it the hub waits as well. Four times as much ends the link with `too-slow`. */
  bufferBytes: 1024 * 1024,
  /** Of this node; more are told to come later: another node may have room. */
  sessions: 20_000,
  /** Of one user who is not anonymous, at this node. */
  sessionsPerUser: 100,
  /** Of one session; the oldest is closed with `superseded`. */
  links: 3,
  /** Of one link. */
  subscriptions: 1_000,
  /** Topics known to this node; one more is refused with `topic-limit`. */
  topics: 10_000,
  /** Sessions that are shown in the presence of a topic; those beyond it are counted as `presence-limit`. */
  presence: 1_000,
  /** Handlers that run for one session; more are rejected with `queue-full`. */
  requests: 1_024,
  /** Links that are being admitted, and plain topic streams, each; more are refused with `later`. */
  handshakes: 4_000,
  streams: 1_000,
  /**
   * Upstream bytes of a session that wait for their turn; beyond it its socket is not read and a POST is refused with `later`.
   * Four batches more, which only compressed messages reach, end the link with `later`.
   */
  upstreamBytes: 2 * 1024 * 1024,
} as const

export type HubLimits = { readonly [K in keyof typeof hubLimits]: number }

/** The history of a topic: the oldest goes when one of these is exceeded. */
export interface History {
  /** Entries; 0 keeps none. Default 1,000. */
  readonly count?: number
  /** Bytes of payload, about. Default 4 MiB. */
  readonly bytes?: number
  /** Default 1 hour. */
  readonly ageMs?: number
}

export const historyDefaults = { count: 1_000, bytes: 4 * 1024 * 1024, ageMs: 3_600_000 } as const

export const inboxHistory = { count: 1_000, bytes: 1024 * 1024 } as const

export const hubDefaults = {
  /** The sign of life on a quiet link. */
  heartbeatMs: serverLimits.heartbeatMs,
  /** How long a session without link or contact is kept. */
  sessionTtlMs: 120_000,
  /** From the first byte to the welcome. */
  handshakeMs: serverLimits.handshakeMs,
  /** A socket that takes nothing for so long is closed with `too-slow`. */
  tooSlowMs: 30_000,
  /** How often an append is repeated whose outcome is not known, and the pause before the first, which doubles. */
  brokerRetries: 4,
  brokerRetryMs: 50,
} as const

export type HubTimes = { readonly [K in keyof typeof hubDefaults]: number }

/** All that was chosen, with the defaults filled in. */
export interface Settings extends HubTimes {
  readonly limits: HubLimits
  readonly history: Required<History>
  readonly origins: readonly string[] | ((origin: string) => boolean) | null
  readonly userId: (user: unknown) => string | null
  readonly authenticate: ((credentials: Credentials) => unknown) | null
  readonly authorize: ((question: Question) => unknown) | null
  readonly onSession: ((session: never) => unknown) | null
}

/** What a new link shows. `token` is the hello's, or `Authorization: Bearer` of other clients. */
export interface Credentials {
  readonly token: string | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly origin: string | undefined
  readonly address: string | undefined
  readonly transport: 'websocket' | 'sse' | 'poll' | 'http'
}

export type Action = 'subscribe' | 'publish' | 'request'

/** `topic` is the name of the handler when the action is 'request'. */
export interface Question<User = unknown> {
  readonly user: User
  readonly topic: string
  readonly action: Action
}
