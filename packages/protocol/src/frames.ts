import type { Cursor, WireFrom } from './cursor.ts'

/**
 * The frames of Holdfast, version 1. Each is a JSON array whose first element names its kind; PROTOCOL.md describes them.
 * A batch is frames joined by newlines (JSON text has none): a WebSocket message, a POST body, an SSE event's data lines.
 */
export const version = 1

/** The WebSocket subprotocol: the version's name, offered first, and all that the server echoes. */
export const subprotocol = `holdfast.${version}`

/** What a client names a session by. */
export interface Credentials {
  /** Public id of the session, drawn by the client: 128 random bits in base64url. */
  readonly session: string
  /** What proves that a later link is the same client's: 128 random bits in base64url. Never in a URL or log. */
  readonly secret: string
}

export interface Hello extends Credentials {
  /** Counts the client's attempts, from 1: later links of a session have greater numbers. */
  readonly link: number
  /** `new` creates the session or attaches to it; `resume` never creates. */
  readonly mode: 'new' | 'resume'
  /** What to begin in the same handshake where the hub does not know the session any more. */
  readonly successor?: Credentials
  readonly token?: string
  /** Every topic that the client wants, the inbox among them, and where to go on. Replaces what earlier links said. */
  readonly topics: TopicList
}

export interface Welcome {
  /** The session of this link: the one that the hello named, or its successor. */
  readonly session: string
  /** The highest upstream number that the server has dealt with. */
  readonly received: number
  /** Opaque; the same for links of one user, so that a client notices when a new session is somebody else's. */
  readonly user: string
  readonly heartbeatMs: number
  readonly limits: {
    readonly messageBytes: number
    readonly batchBytes: number
    readonly window: number
    /** Bytes received after which cursors are acknowledged, where the hub wants it earlier than usual. */
    readonly ackBytes?: number
  }
}

export interface SubscribedOptions {
  /** What was asked for, by which the answer to an earlier subscription of the topic is told from that to this one. */
  readonly from?: WireFrom
  /** The log keeps only the newest entry (per key): offsets rise, and a hole is no gap. */
  readonly conflate?: boolean
  /** The topic's snapshot of this position is its next frame: until then the client has no position. */
  readonly snapshot?: boolean
}

export type Encoding = 'base64'
export type GapReason = 'trimmed' | 'epoch' | 'overrun'
export type TopicList = readonly (readonly [topic: string, from: WireFrom])[]
export type CursorList = readonly (readonly [topic: string, cursor: Cursor])[]

/** Frames that clients send. Those with a number `n` are dealt with in its order, once. */
export type UpFrame =
  | ['hello', version: number, hello: Hello]
  | ['session', session: string, secret: string, link: number]
  | ['poll', topics: TopicList]
  | ['subscribe', n: number, topic: string, from: WireFrom]
  | ['unsubscribe', n: number, topic: string]
  | ['publish', n: number, topic: string, data: unknown, encoding?: Encoding]
  | ['request', n: number, name: string, data: unknown, encoding?: Encoding]
  | ['skip', n: number]
  | ['read', id: number, topic: string, from: WireFrom, to: number]
  | ['ack', cursors: CursorList]
  | ['ping', id: number]
  | ['bye']

/** One entry inside a page: `[cursor, time, data, id?, encoding?]`, as in an entry frame. */
export type PageEntry = [cursor: Cursor, time: number, data: unknown, id?: string | null, encoding?: Encoding]

/** Frames that servers send. */
export type DownFrame =
  | ['welcome', version: number, welcome: Welcome]
  | ['subscribed', topic: string, position: Cursor, options?: SubscribedOptions]
  | ['refused', topic: string, code: string, message: string]
  | ['entry', topic: string, cursor: Cursor, time: number, data: unknown, id?: string | null, encoding?: Encoding]
  | ['gap', topic: string, from: Cursor, to: Cursor, reason: GapReason, snapshot?: boolean]
  | ['snapshot', topic: string, cursor: Cursor, data: unknown, encoding?: Encoding]
  | [
      'page',
      id: number,
      position: Cursor,
      entries: readonly PageEntry[],
      done: boolean,
      snapshot?: unknown,
      encoding?: Encoding,
    ]
  | ['unread', id: number, code: string, message: string]
  | ['receipt', n: number, cursor?: Cursor]
  | ['reject', n: number, code: string, message: string]
  | ['heartbeat']
  | ['pong', id: number]
  | ['close', close: number, code: string, message: string, delayMs?: number]

export type UpKind = UpFrame[0]
export type DownKind = DownFrame[0]
export type Frame<K extends UpKind | DownKind> = Extract<UpFrame | DownFrame, [K, ...unknown[]]>

export const encodeFrame = (frame: UpFrame | DownFrame): string => JSON.stringify(frame)

/** The publish id that an entry carries: who made it, and under which number. */
export const publishId = (session: string, n: number): string => `${session}.${n}`

/** The id of an inbox entry that answers request `n`; an inbox entry without an id is a message. */
export const answerId = (n: number, failed: boolean): string => `${failed ? 'error' : 'reply'}.${n}`
