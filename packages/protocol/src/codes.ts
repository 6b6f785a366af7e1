/**
 * Why a connection, a frame, a publish or a request came to nothing: every code that Holdfast uses, with what it means
 * on each transport. PROTOCOL.md, "Codes", is the table for readers.
 */

/** What the receiver of a close code does next. The hundreds of the code say it: 40xx, 41xx, 42xx, 43xx. */
export type CloseAction =
  /** Try again, with backoff (4000-4049). */
  | 'retry'
  /** The session is gone: start a new one at once (4050-4099). */
  | 'renew'
  /** Try again on another node, at once (4100-4199). */
  | 'elsewhere'
  /** Ask for a new token, then try again (4200-4299). */
  | 'authenticate'
  /** Do not try again (4300-4399). */
  | 'stop'

/** Codes that end a link, with the WebSocket close code (RFC 6455, 7.4.2: 4000-4999 is private use) and the HTTP status. */
export const closeCodes = {
  'internal-error': { close: 4000, status: 500 },
  'heartbeat-timeout': { close: 4001, status: 408 },
  'too-slow': { close: 4002, status: 408 },
  superseded: { close: 4003, status: 409 },
  later: { close: 4004, status: 503 },
  'broker-failed': { close: 4005, status: 503 },
  'handshake-timeout': { close: 4006, status: 408 },
  'session-lost': { close: 4050, status: 404 },
  jump: { close: 4051, status: 409 },
  'session-closed': { close: 4052, status: 410 },
  'shutting-down': { close: 4100, status: 503 },
  unauthenticated: { close: 4200, status: 401 },
  'token-expired': { close: 4201, status: 401 },
  'version-unsupported': { close: 4300, status: 400 },
  'origin-forbidden': { close: 4301, status: 403 },
  'wrong-secret': { close: 4302, status: 403 },
  malformed: { close: 4303, status: 400 },
  'too-large': { close: 4304, status: 413 },
  disconnected: { close: 4305, status: 403 },
  'too-many-sessions': { close: 4306, status: 429 },
} as const satisfies Record<string, { close: number; status: number }>

export type CloseCode = keyof typeof closeCodes

/** Codes of a single publish, request, subscription or history read; the link goes on. */
export type RejectCode =
  | 'bad-payload'
  | 'bad-topic'
  | 'bad-cursor'
  | 'bad-data'
  | 'forbidden'
  | 'revoked'
  | 'too-large'
  | 'topic-limit'
  | 'subscription-limit'
  | 'unknown-request'
  | 'handler-failed'
  | 'broker-failed'
  | 'queue-full'
  | 'aborted'
  | 'timeout'
  | 'closed'
  | 'session-lost'
  | 'user-changed'
  | 'inbox-gap'
  | 'forgotten'

/** Codes of a transport that failed without a word from the hub, and of the places that report to `errors$`. */
export type LinkCode =
  | 'websocket-missing'
  | 'refused'
  | 'cut'
  | 'swallowed'
  | 'silent'
  | 'not-holdfast'
  | 'post-failed'
  | 'token-failed'
  | 'listener-failed'
  | 'hook-failed'

export type Code = CloseCode | RejectCode | LinkCode

/** From 4000 on, for each 50 codes. */
const closeActions: readonly CloseAction[] = [
  'retry',
  'renew',
  'elsewhere',
  'elsewhere',
  'authenticate',
  'authenticate',
  'stop',
  'stop',
]

/** What to do after `close` (a WebSocket close code); codes that are not Holdfast's mean 'retry'. */
export function closeAction(close: number): CloseAction {
  return closeActions[Math.floor(close / 50) - 80] ?? 'retry'
}
