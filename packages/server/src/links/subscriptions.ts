import type { Position } from '@holdfast/protocol'
import type { LogState } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'

export type Asked = MaybePromise<LogState | null> | undefined

/** One topic of a link: asked for (`Wish`), then read (`LinkReader`). */
export interface Subscription {
  readonly topic: string
  readonly granted: boolean
  /** Answers the bytes that this frees. */
  acknowledge(position: Position): number
  /** It stays granted if it was. */
  stop(): void
}

/** What is not read yet. */
export class Wish implements Subscription {
  readonly topic: string
  granted: boolean
  stopped = false

  constructor(topic: string, granted: boolean) {
    this.topic = topic
    this.granted = granted
  }

  acknowledge(): number {
    return 0
  }

  stop(): void {
    this.stopped = true
  }
}

/** What a link listens to, by topic. A few are a list: a Map of one takes four times the memory. */
export type Subscriptions = readonly Subscription[] | Map<string, Subscription>

export const noSubscriptions: Subscriptions = []

const few = 8

export const countOf = (all: Subscriptions): number => (all instanceof Map ? all.size : all.length)

export const find = (all: Subscriptions, topic: string): Subscription | undefined =>
  all instanceof Map ? all.get(topic) : all.find((one) => one.topic === topic)

/** In the place of what there was of its topic. */
export function put(all: Subscriptions, one: Subscription): Subscriptions {
  if (all instanceof Map) return all.set(one.topic, one)
  // `concat`, for it takes no more room than is needed.
  const list = without(all, one.topic).concat(one)
  return list.length > few ? new Map(list.map((each) => [each.topic, each])) : list
}

export function remove(all: Subscriptions, topic: string): Subscriptions {
  if (!(all instanceof Map)) return without(all, topic)
  all.delete(topic)
  return all
}

const without = (list: readonly Subscription[], topic: string) => list.filter((one) => one.topic !== topic)
