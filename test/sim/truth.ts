import type { Applied, Broker, Draft, Entry } from '@holdfast/server'
import { logWith } from '../support/log.ts'
import type { Report } from './harm.ts'

/** What a message of the simulation carries: who it is from and which one, and the key on a topic that conflates. */
export interface Mark {
  readonly id: string
  readonly key?: string
  readonly fill?: string
}

/** A message or request on its way to a hub. `order`: its place among those of its sender. */
export interface Call {
  readonly id: string
  readonly sender: string
  readonly order: number
  readonly kind: 'publish' | 'request' | 'send'
}

/** What there was of it, so that a day without any is noticed. */
export interface Tally {
  messages: number
  /** Changes from one transport to another. */
  switches: number
  gaps: number
  snapshots: number
  /** Calls whose outcome nobody can know. */
  unknown: number
}

/** What the logs really have, and what was really applied: taken where nothing can be lost any more. */
export interface Truth {
  readonly tally: Tally
  /** The same broker, which answers at once, and whose appends are seen. */
  watch(broker: Broker): Broker
  /** The log's entries of one epoch; offset 1 comes first. */
  entries(log: string, epoch: string): readonly Entry[]
  /** Rising with each new epoch of the log. */
  age(log: string, epoch: string): number
  head(log: string): { readonly epoch: string; readonly offset: number } | null
  /** What its topic's snapshot is there: all entries up to the cursor, folded into one number. */
  stateAt(log: string, cursor: string): number
  expect(call: Call): void
  /** A handler has been started. */
  started(id: string): void
  /** How often it was applied. */
  applied(id: string): number
  cursorOf(id: string): string | undefined
}

/** @param isUnsure the broker has failed without saying whether it did what it was asked, so answers are appended again */
export function createTruth(report: Report, isUnsure: () => boolean): Truth {
  const logs = new Map<string, Map<string, Entry[]>>()
  const calls = new Map<string, Call>()
  const times = new Map<string, number>()
  const cursors = new Map<string, string>()
  const furthest = new Map<string, number>()
  const answers = new Set<string>()
  const tally: Tally = { messages: 0, switches: 0, gaps: 0, snapshots: 0, unknown: 0 }

  function apply(id: string): void {
    const count = (times.get(id) ?? 0) + 1
    times.set(id, count)
    const call = calls.get(id)
    if (!call) return report('untruths', `${id} was applied, and nobody has sent it`)
    if (count > 1) report('doubled', `${call.kind} ${id} was applied for the ${count}th time`)
    const before = furthest.get(call.sender) ?? -1
    if (count === 1 && call.order < before) report('reordered', `${call.kind} ${id} was applied after a later one`)
    furthest.set(call.sender, Math.max(before, call.order))
  }

  /** Called by whoever learns of it first: one who tails, or the append itself. */
  function appended(log: string, draft: Draft, epoch: string, offset: number): void {
    const epochs = logs.get(log) ?? new Map<string, Entry[]>()
    const entries = epochs.get(epoch) ?? []
    if (offset <= entries.length) return
    logs.set(log, epochs)
    epochs.set(epoch, entries)
    if (offset > entries.length + 1) report('untruths', `${log} leaps to ${epoch}.${offset}`)
    entries.push({ ...draft, epoch, offset })
    const [, number] = /^(?:reply|error)\.(\d+)$/.exec(draft.id ?? '') ?? []
    if (log.startsWith('$') && number) {
      const answer = `request ${number} of ${log}`
      if (answers.has(answer) && !isUnsure()) report('doubled', `${answer} is answered twice`)
      answers.add(answer)
      return
    }
    tally.messages++
    const { id } = JSON.parse(draft.data) as Mark
    cursors.set(id, `${epoch}.${offset}`)
    apply(id)
  }

  return {
    tally,
    watch: (broker) => ({
      ...broker,
      log(name, options) {
        const log = broker.log(name, options)
        return logWith(log, {
          append(draft, producer) {
            const applied = log.append(draft, producer) as Applied
            if (applied.status === 'applied' && applied.answer[0] === 'receipt') {
              const [epoch = '', offset] = `${applied.answer[2]}`.split('.')
              appended(name, draft, epoch, Number(offset))
            }
            return applied
          },
          tail: (listener) =>
            log.tail((entry) => {
              appended(name, entry, entry.epoch, entry.offset)
              listener(entry)
            }),
        })
      },
    }),
    entries: (log, epoch) => logs.get(log)?.get(epoch) ?? [],
    age: (log, epoch) => [...(logs.get(log)?.keys() ?? [])].indexOf(epoch),
    head(log) {
      const epochs = logs.get(log)
      const epoch = [...(epochs?.keys() ?? [])].at(-1)
      return epoch === undefined ? null : { epoch, offset: epochs?.get(epoch)?.length ?? 0 }
    },
    stateAt(log, cursor) {
      const [epoch = '', offset] = cursor.split('.')
      const entries = logs.get(log)?.get(epoch) ?? []
      return entries.slice(0, Number(offset)).reduce((state, { data }) => foldEntry(state, data), 0)
    },
    expect: (call) => void calls.set(call.id, call),
    started: apply,
    applied: (id) => times.get(id) ?? 0,
    cursorOf: (id) => cursors.get(id),
  }
}

/** Order and each entry count in it. */
export const foldEntry = (state: number, data: string): number =>
  [...data].reduce((sum, c) => (31 * sum + c.charCodeAt(0)) | 0, state)
