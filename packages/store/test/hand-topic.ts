import type { Cursor, GapEvent, PublishOptions, Receipt, TopicEvent } from '@holdfast/protocol'
import type { StoreSource } from '@holdfast/store'

/** A topic that a test moves by hand: one epoch, and whoever listens is told at once. */
export function createHandTopic<T>() {
  const listeners = new Set<{ next?: (event: TopicEvent<T>) => void; error?: (error: unknown) => void }>()
  const liveListeners = new Set<(live: boolean) => void>()
  const starts: (Cursor | null)[] = []
  const published: { data: T; sent(id: string): void; done(offset: number): void; failed(error: Error): void }[] = []
  let offset = 0
  const at = (n: number): Receipt => ({ cursor: `e.${n}`, offset: n, epoch: 'e' })

  const source = (from: Cursor | null): StoreSource<T> => ({
    events$: {
      subscribe(listener) {
        listeners.add(listener)
        starts.push(from)
        return { unsubscribe: () => void listeners.delete(listener) }
      },
    },
    live$: {
      subscribe({ next = () => {} }) {
        liveListeners.add(next)
        next(true)
        return { unsubscribe: () => void liveListeners.delete(next) }
      },
    },
    from: source,
    publish: (data, { onSent }: PublishOptions = {}) =>
      new Promise((resolve, failed) => {
        published.push({ data, sent: (id) => onSent?.(id), done: (n) => resolve(at(n)), failed })
      }),
  })
  const tell = (event: TopicEvent<T>) => {
    for (const { next } of [...listeners]) next?.(event)
  }

  return {
    ...source(null),
    /** Where each subscription so far started; null: where the topic does. */
    starts,
    published,
    get subscribers() {
      return listeners.size
    },
    message(data: T, id?: string) {
      offset++
      tell({ type: 'message', data, ...at(offset), time: 0, ...(id && { id }) })
    },
    gap(to: number, more: Partial<GapEvent> = {}) {
      const from = at(offset).cursor
      offset = to
      tell({ type: 'gap', from, to: at(to).cursor, reason: 'trimmed', ...more })
    },
    snapshot(data: unknown) {
      tell({ type: 'snapshot', data, cursor: at(offset).cursor })
    },
    live(is: boolean) {
      for (const listener of [...liveListeners]) listener(is)
    },
    fail(error: Error) {
      const all = [...listeners]
      listeners.clear()
      for (const listener of all) listener.error?.(error)
    },
  }
}
