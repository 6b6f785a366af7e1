import type { MessageEvent, PublishOptions, Receipt, TopicEvent } from '@holdfast/protocol'
import { formatCursor, HoldfastError, parseCursor } from '@holdfast/protocol'
import type { StateAt, StoreSource, Watchable } from '@holdfast/store'

type Entry = MessageEvent<string>

/** What one publish has come to. */
export interface Own {
  readonly data: string
  id: string | null
  entry: Entry | null
  refused: boolean
  /** The store has been told what became of it. */
  told: boolean
  readonly done: (receipt: Receipt) => void
  readonly failed: (error: Error) => void
  readonly onSent: ((id: string) => void) | undefined
}

/** One subscription: what it has had, and who hears it. */
interface Reader {
  epoch: string
  offset: number
  /** The next event is the snapshot: it was asked for. */
  awaitsSnapshot: boolean
  readonly next: (event: TopicEvent<string>) => void
}

export type Kind = 'snapshot' | 'loader' | 'plain'

/**
 * A topic with its hub and its network in one hand, for stores: nothing happens by itself. It knows everything that was ever
 * published, so that a store can be held against it.
 */
export function createWorld(kind: Kind) {
  /** Every entry ever, by epoch: what history forgets is known here. */
  const logs = new Map<string, Entry[]>([['e1', []]])
  let epoch = 'e1'
  let floor = 0
  let isUp = true
  let serial = 0
  const readers = new Set<Reader>()
  const liveWatchers = new Set<(live: boolean) => void>()
  const own: Own[] = []
  const loads: { answer(state: StateAt<string[]>): void; fail(error: Error): void; epoch: string; head: number }[] = []
  /** Where the last gap that a store was told of ends, if no snapshot followed. */
  let base = { epoch, offset: 0 }

  const log = () => logs.get(epoch) as Entry[]
  const truth = (at: string, offset: number, from = 0) =>
    (logs.get(at) ?? []).slice(from, offset).map(({ data }) => data)

  function append(data: string, id?: string): Entry {
    const offset = log().length + 1
    const entry: Entry = {
      type: 'message',
      data,
      epoch,
      offset,
      cursor: formatCursor(epoch, offset),
      time: 0,
      ...(id && { id }),
    }
    log().push(entry)
    return entry
  }

  function events(start: { epoch: string; offset: number } | null): Watchable<TopicEvent<string>> {
    return {
      subscribe({ next = () => {} }) {
        const begin = start ?? { epoch, offset: floor }
        if (!start) base = begin
        const reader: Reader = { ...begin, awaitsSnapshot: kind === 'snapshot' && !start, next }
        readers.add(reader)
        return { unsubscribe: () => void readers.delete(reader) }
      },
    }
  }

  const live$: Watchable<boolean> = {
    subscribe({ next = () => {} }) {
      liveWatchers.add(next)
      next(isUp)
      return { unsubscribe: () => void liveWatchers.delete(next) }
    },
  }

  const publish = (data: string, { onSent }: PublishOptions = {}) =>
    new Promise<Receipt>((done, failed) => {
      own.push({ data, id: null, entry: null, refused: false, told: false, done, failed, onSent })
    })

  const source = (start: { epoch: string; offset: number } | null): StoreSource<string> => ({
    events$: events(start),
    live$,
    from: (cursor) => source(parseCursor(cursor)),
    publish,
  })

  const firstOwn = (is: (one: Own) => boolean) => own.find(is)

  /** What the reader gets next; false if there is nothing. */
  function step(reader: Reader): boolean {
    const snapshot = () => {
      const to = { epoch, offset: log().length }
      Object.assign(reader, to, { awaitsSnapshot: false })
      reader.next({
        type: 'snapshot',
        data: truth(epoch, to.offset),
        cursor: formatCursor(epoch, to.offset),
      })
    }
    if (reader.awaitsSnapshot) {
      snapshot()
      return true
    }
    if (reader.epoch !== epoch || reader.offset < floor) {
      const from = formatCursor(reader.epoch, reader.offset)
      const reason = reader.epoch === epoch ? 'trimmed' : 'epoch'
      const hasSnapshot = kind === 'snapshot'
      const to = { epoch, offset: hasSnapshot ? log().length : floor }
      if (kind === 'plain') base = to
      Object.assign(reader, to)
      const gap = { type: 'gap', from, to: formatCursor(to.epoch, to.offset), reason } as const
      reader.next(hasSnapshot ? { ...gap, snapshot: true } : gap)
      if (hasSnapshot) snapshot()
      return true
    }
    const entry = log()[reader.offset]
    if (!entry) return false
    reader.offset = entry.offset
    reader.next(entry)
    return true
  }

  return {
    source: source(null),
    own,
    load: () =>
      new Promise<StateAt<string[]>>((answer, fail) => {
        loads.push({ answer, fail, epoch, head: log().length })
      }),
    truth,
    get base() {
      return base
    },
    get epoch() {
      return epoch
    },
    get subscriptions() {
      return readers.size
    },
    others: () => void append(`o${++serial}`),
    /** The next publish that waits is handed to the transport. */
    hand(): boolean {
      const one = isUp && firstOwn(({ id, told }) => id === null && !told)
      if (!one) return false
      one.id = `me.${++serial}`
      one.onSent?.(one.id)
      return true
    },
    /** The hub deals with the next one that was handed over. */
    apply(refuse: boolean): boolean {
      const one = isUp && firstOwn(({ id, entry, refused, told }) => id !== null && !entry && !refused && !told)
      if (!one) return false
      if (refuse) one.refused = true
      else one.entry = append(one.data, one.id as string)
      return true
    },
    /** Its answer arrives. */
    answer(): boolean {
      const one = isUp && firstOwn(({ entry, refused, told }) => !told && (entry !== null || refused))
      if (!one) return false
      one.told = true
      if (one.entry) one.done(one.entry)
      else one.failed(new HoldfastError('forbidden', 'no', { outcome: 'rejected' }))
      return true
    },
    /** The next thing comes down, to each subscription. */
    deliver: (): boolean => isUp && [...readers].map(step).includes(true),
    /** One of the loaders' questions is answered, with a state as it was at some moment since. */
    answerLoad(random: () => number): boolean {
      const [load] = loads.splice(Math.floor(random() * loads.length), 1)
      if (!load) return false
      if (random() < 0.1) load.fail(new Error('no state'))
      else {
        const at = load.epoch === epoch && random() < 0.5 ? load.head : log().length
        load.answer({ state: truth(epoch, at), cursor: formatCursor(epoch, at) })
      }
      return true
    },
    up(to: boolean): void {
      if (to === isUp) return
      isUp = to
      for (const tell of [...liveWatchers]) tell(isUp)
    },
    /** History forgets some of it. */
    trim(random: () => number): void {
      floor += Math.floor(random() * (log().length - floor + 1))
    },
    /** A new log; what was in flight is unknown. */
    restart(): void {
      this.up(false)
      epoch = `e${logs.size + 1}`
      logs.set(epoch, [])
      floor = 0
      for (const one of own.filter(({ id, told }) => id !== null && !told)) {
        one.told = true
        one.failed(new HoldfastError('session-lost', 'the session was lost', { outcome: 'unknown' }))
      }
    },
  }
}
