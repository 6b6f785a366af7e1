import type { PresenceChange, PresenceState } from '@holdfast/protocol'
import { presenceOf, presencePrefix } from '@holdfast/protocol'
import type { LogOptions } from '../broker/broker.ts'
import { settle } from '../broker/retry.ts'
import type { Context } from '../context.ts'
import { inboxHistory } from '../settings.ts'
import type { Declared } from '../topics/declarations.ts'
import type { PresenceRecord } from './record.ts'

/** Where the presence of topics lies in the broker: a record each, which is the truth, and the log of its changes. */
export interface Register {
  /** The record, and the text that stands for it in `write`. */
  read(topic: string): Promise<{ record: PresenceRecord | null; text: string | null }>
  /** False where another node was faster. Keeps the record for two lifetimes of a session. */
  write(topic: string, before: string | null, record: PresenceRecord): Promise<boolean>
  /** Nothing has changed, but somebody still looks after it. */
  prolong(topic: string): Promise<void>
  say(topic: string, change: PresenceChange): Promise<void>
  /** What the topic of this name is, `$presence/<topic>`. */
  readonly declared: Declared
}

export function createRegister(context: Context): Register {
  const { broker, clock, settings } = context
  const ttlMs = 2 * settings.sessionTtlMs
  const log: LogOptions = { ...inboxHistory, ageMs: ttlMs, compact: false, idleMs: ttlMs }
  // No session has such an id.
  const keyOf = (topic: string) => presencePrefix + topic

  async function read(topic: string) {
    const text = await settle(context, () => broker.sessions.get(keyOf(topic)))
    return { text, record: text === null ? null : (JSON.parse(text) as PresenceRecord) }
  }

  return {
    read,
    async write(topic, before, record) {
      const text = JSON.stringify(record)
      const key = keyOf(topic)
      if (before === null) return (await settle(context, () => broker.sessions.create(key, text, ttlMs))) === null
      return settle(context, () => broker.sessions.replace(key, before, text, ttlMs))
    },
    async prolong(topic) {
      await settle(context, () => broker.sessions.touch(keyOf(topic), ttlMs))
    },
    async say(topic, change) {
      const draft = { time: clock.now(), data: JSON.stringify(change) }
      await settle(context, () => broker.log(keyOf(topic), log).append(draft))
    },
    declared: {
      log,
      conflate: null,
      schema: undefined,
      presence: null,
      // Read after the position was taken: what is said twice is dropped by its `v`.
      async snapshot(name) {
        const { record } = await read(presenceOf(name) as string)
        const { v, members } = record ?? nobody
        return { state: { v, members } }
      },
    },
  }
}

const nobody: PresenceState = { v: 0, members: {} }
