import type { Hub } from '@holdfast/server'

/** One sample of the server's own condition. */
export interface Metrics {
  readonly cpuPercent: number
  readonly rssBytes: number
  readonly heapBytes: number
  readonly loopDelayMs: number
  readonly loopDelayMaxMs: number
  readonly sessions: number
  readonly messagesPerSecond: number
}

/** The promise made countable: `n` is the tick's own number, from 1 in each run of the server. */
export interface Tick {
  readonly n: number
}

export interface ChatMessage {
  readonly name: string
  readonly text: string
}

const readable = new Set(['metrics', 'ticks', 'chat'])

export function mayUse({ topic, action }: { topic: string; action: string }): boolean {
  return action === 'subscribe' ? readable.has(topic) : action === 'publish' && topic === 'chat'
}

export function declareTopics(hub: Hub): void {
  // A minute of each is what the page shows; an outage of more than that shows what a gap is.
  hub.topics('metrics', { history: 300 })
  hub.topics('ticks', { history: 1500 })
  hub.topics('chat', { history: 200 })
}
