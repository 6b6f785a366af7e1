import type { Connection, Receipt } from '@holdfast/client/core'
import { type StateAt, topicStore } from '@holdfast/store'
import type { Report } from './harm.ts'
import { foldEntry, type Mark, type Truth } from './truth.ts'
import type { TopicSetup } from './watch.ts'

/** All entries after `since`, as one number; null before the first. */
interface Sum {
  readonly since: number | null
  readonly hash: number
}

/** A store of a topic in an app, held against the log. */
export interface StoreWatch {
  readonly topic: TopicSetup
  /** What a page that is loaded anew goes on from. */
  readonly kept: StateAt<Sum> | undefined
  readonly level: boolean
  publish(mark: Mark): Promise<Receipt>
  /** Again, where it was refused. */
  start(): void
  stop(): void
  finish(): void
}

const initial: Sum = { since: null, hash: 0 }

export function createStoreWatch(
  name: string,
  connection: Connection,
  topic: TopicSetup,
  hydrate: StateAt<Sum> | undefined,
  truth: Truth,
  report: Report,
): StoreWatch {
  const from = topic.snapshot ? 'snapshot' : 'start'
  const add = ({ since, hash }: Sum, mark: unknown, before: number): Sum => ({
    since: since ?? before,
    hash: foldEntry(hash, JSON.stringify(mark)),
  })
  const store = topicStore<Sum, unknown>(connection.topic(topic.name, { from }), {
    initial,
    message: (sum, mark, { offset }) => add(sum, mark, offset - 1),
    optimistic: (sum, mark) => add(sum, mark, 0),
    restore: (hash) => ({ since: 0, hash: hash as number }),
    hydrate,
    everyMs: 0,
    now: () => 0,
    report: (error) => report('untruths', `${name}: ${error}`),
  })
  store.subscribe(check)

  /** Whatever happens, it is the log's fold up to its cursor, and then what is pending, and nothing twice. */
  function check(): void {
    const { confirmed, cursor, data, pending } = store.get().context
    const [epoch = '', text] = cursor?.split('.') ?? []
    const offset = Number(text ?? 0)
    const entries = truth.entries(topic.name, epoch).slice(confirmed.since ?? offset, offset)
    const hash = entries.reduce((sum, entry) => foldEntry(sum, entry.data), 0)
    if (confirmed.hash !== hash) report('untruths', `${name} has another state of ${cursor}`)
    let shown = confirmed.hash
    for (const { data: mark, doubtful } of pending) {
      if (doubtful) continue
      shown = foldEntry(shown, JSON.stringify(mark))
      const [ownEpoch, own] = truth.cursorOf((mark as Mark).id)?.split('.') ?? []
      if (ownEpoch === epoch && Number(own) <= offset && Number(own) > (confirmed.since ?? offset)) {
        report('doubled', `${name} shows ${(mark as Mark).id} at ${cursor}, which holds it`)
      }
    }
    if (data.hash !== shown) report('untruths', `${name} does not show what is pending`)
  }

  const isLevel = () => {
    const head = truth.head(topic.name)
    const { cursor, pending, status } = store.get().context
    return status === 'live' && pending.length === 0 && (!head || cursor === `${head.epoch}.${head.offset}`)
  }

  return {
    topic,
    get kept() {
      const { confirmed, cursor } = store.get().context
      return cursor === null ? undefined : { state: confirmed, cursor }
    },
    get level() {
      return isLevel()
    },
    publish: (mark) => store.publish(mark),
    start: store.start,
    stop: store.stop,
    finish() {
      check()
      const { cursor, status, pending, error } = store.get().context
      if (!isLevel())
        report('lost', `${name} ends ${status} at ${cursor}, with ${pending.length} pending (${error?.code})`)
    },
  }
}
