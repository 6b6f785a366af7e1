export type {
  Code,
  Cursor,
  From,
  GapEvent,
  MessageEvent,
  Outcome,
  Payload,
  PresenceChange,
  PresenceMember,
  PresenceState,
  PresenceTopic,
  PublishOptions,
  Receipt,
  RequestDefinition,
  SnapshotEvent,
  StandardSchema,
  Topic,
  TopicAddress,
  TopicDefinition,
  TopicEvent,
} from '@holdfast/protocol'
export { defineRequest, defineTopic, HoldfastError, type } from '@holdfast/protocol'
export type { Clock } from './clock.ts'
export { type Connection, connect, type TopicOptions } from './connect.ts'
export {
  type CoreOptions,
  defaultOutbox,
  defaultTiming,
  type OutboxLimits,
  type PageLike,
  type Storage,
  type Timing,
} from './options.ts'
export type { ConnectionState, Phase } from './status.ts'
export { poll } from './transports/poll.ts'
export { sse } from './transports/sse.ts'
export type { Link, LinkEvents, LinkRequest, Loss, Transport } from './transports/transport.ts'
export { websocket } from './transports/websocket.ts'
