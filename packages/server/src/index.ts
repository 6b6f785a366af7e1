export type {
  Cursor,
  From,
  GapEvent,
  MessageEvent,
  Outcome,
  Payload,
  PublishOptions,
  Receipt,
  RequestDefinition,
  SnapshotEvent,
  StandardSchema,
  Topic,
  TopicAddress,
  TopicDefinition,
  TopicEvent,
  TopicPattern,
} from '@holdfast/protocol'
export { defineRequest, defineTopic, HoldfastError, type } from '@holdfast/protocol'
export type * from './broker/broker.ts'
export { BrokerError } from './broker/broker.ts'
export type { MaybePromise } from './broker/maybe-promise.ts'
export type { MemoryBrokerOptions } from './broker/memory-broker.ts'
export { memoryBroker, memoryBrokerDefaults } from './broker/memory-broker.ts'
export { createNumbers } from './broker/numbers.ts'
export type { Clock } from './clock.ts'
export type { Hub } from './hub.ts'
export { createHub } from './hub.ts'
export type { HubOptions } from './options.ts'
export type { RequestContext, RequestHandler } from './sessions/requests.ts'
export type { SessionHandle } from './sessions/session.ts'
export type { Action, Credentials, History, HubLimits, Question } from './settings.ts'
export { historyDefaults, hubDefaults, hubLimits, inboxHistory } from './settings.ts'
export type { HubStats } from './stats.ts'
export type { Snapshot, TopicOptions } from './topics/declarations.ts'
export type { HubMessage, HubTopic, HubTopicOptions } from './topics/topic.ts'
export type { Chunk } from './topics/wire.ts'
export type { Exchange, StreamEvents, StreamLike } from './transports/exchange.ts'
export type { SocketEvents, SocketLike, Upgrade } from './transports/sockets.ts'
