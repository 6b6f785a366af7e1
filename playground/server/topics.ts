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

/** What the room accepts, and nothing beside it (Standard Schema, version 1). */
const chatMessage = {
  '~standard': {
    version: 1 as const,
    vendor: 'playground',
    validate(value: unknown) {
      const { name, text } = Object(value) as Partial<Record<keyof ChatMessage, unknown>>
      if (!isText(name, 32)) return { issues: [{ message: 'a text of 1 to 32 characters is needed', path: ['name'] }] }
      if (!isText(text, 500))
        return { issues: [{ message: 'a text of 1 to 500 characters is needed', path: ['text'] }] }
      return { value: { name, text } satisfies ChatMessage }
    },
  },
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= maxLength
}

const readable = new Set(['metrics', 'ticks', 'chat'])

export function mayUse({ topic, action }: { topic: string; action: string }): boolean {
  return action === 'subscribe' ? readable.has(topic) : action === 'publish' && topic === 'chat'
}

export function declareTopics(hub: Hub): void {
  // A minute of each is what the page shows; an outage of more than that shows what a gap is.
  hub.topics('metrics', { history: { count: 300 } })
  hub.topics('ticks', { history: { count: 1500 } })
  hub.topics('chat', { history: { count: 200, ageMs: 86_400_000 }, schema: chatMessage })
}
