import { type Cursor, HoldfastError, type MessageEvent, parseCursor } from '@holdfast/protocol'
import { asError, type StateAt } from './context.ts'
import type { FoldEvent } from './fold.ts'
import type { StoreSource } from './source.ts'

/** Asks for the state anew; the signal is aborted when the answer is no longer wanted. */
export type Loader<S> = (signal: AbortSignal) => StateAt<S> | Promise<StateAt<S>>

export interface JoinTo<S, T> {
  message(event: MessageEvent<T>): void
  send(event: FoldEvent<S, T>): void
  /** Up to where the store has the topic. */
  cursor(): Cursor | null
  /** It has ended by itself: refused, or with its connection. */
  ended(): void
  now(): number
}

const retryMs = { first: 1_000, cap: 30_000 }

/** Keeps a store at its topic: a state with its cursor, then the topic from that cursor. A gap starts over. */
export function createJoin<S, T>(source: StoreSource<T>, load: Loader<S> | undefined, to: JoinTo<S, T>) {
  /** Ends what the present round has begun; what it answers later is no longer heard. */
  let round: AbortController | null = null
  /** Before the loader is asked again. */
  let pauseMs = 0
  let askedAt = 0
  let retry: ReturnType<typeof setTimeout> | undefined

  function begin(): AbortSignal {
    clearTimeout(retry)
    round?.abort()
    round = new AbortController()
    return round.signal
  }

  function end(): void {
    round?.abort()
    round = null
    to.send({ type: 'stale', at: to.now() })
  }

  function endItself(): void {
    end()
    to.ended()
  }

  /** From where the store stands, or from where its topic starts. */
  function follow(): void {
    const signal = begin()
    const cursor = to.cursor()
    const { events$, live$ } = cursor !== null && source.from ? source.from(cursor) : source
    const events = events$.subscribe({
      next(event) {
        if (signal.aborted) return
        if (event.type === 'message') {
          pauseMs = 0
          to.message(event)
        } else if (load) event.type === 'gap' && void reload()
        // What follows it in the same step starts over.
        else if (!(event.type === 'gap' && event.snapshot)) to.send({ type: event.type, event } as FoldEvent<S, T>)
      },
      error(cause) {
        if (signal.aborted) return
        const error = asError(cause)
        endItself()
        // A cursor that was kept, or came from elsewhere, and is none here: without it there is still the topic.
        if (cursor !== null && error.code === 'bad-cursor') {
          to.send({ type: 'lost' })
          return start()
        }
        to.send({ type: 'failed', error })
        // Not refused: the connection has failed, and may be told to try again.
        if (error.outcome !== 'rejected') retry = setTimeout(start, retryMs.first)
      },
      complete: () => signal.aborted || endItself(),
    })
    within(signal, events)
    if (signal.aborted) return
    if (!live$) return to.send({ type: 'live' })
    const live = live$.subscribe({
      next: (live) => signal.aborted || to.send(live ? { type: 'live' } : { type: 'stale', at: to.now() }),
    })
    within(signal, live)
  }

  async function reload(): Promise<void> {
    const signal = begin()
    to.send({ type: 'stale', at: to.now() })
    const connection = source.live$?.subscribe({ complete: () => signal.aborted || endItself() })
    if (connection) within(signal, connection)
    try {
      await turn(signal)
      if (signal.aborted) return
      const { state, cursor } = await (load as Loader<S>)(signal)
      if (signal.aborted) return
      if (!parseCursor(`${cursor}`)) throw new HoldfastError('bad-cursor', `the loader answered the cursor '${cursor}'`)
      to.send({ type: 'loaded', state, cursor })
      follow()
    } catch (error) {
      if (signal.aborted) return
      to.send({ type: 'failed', error: asError(error, 'snapshot-failed') })
      void reload()
    }
  }

  /** Whoever asks again before a message has come of it waits, longer each time: the answer may be of no use to the hub. */
  async function turn(signal: AbortSignal): Promise<void> {
    if (to.now() - askedAt > 2 * retryMs.cap) pauseMs = 0
    const waitMs = pauseMs * Math.random()
    pauseMs = Math.min(Math.max(retryMs.first, 2 * pauseMs), retryMs.cap)
    if (waitMs > 0) await pause(waitMs, signal)
    askedAt = to.now()
  }

  function start(): void {
    if (round) return
    if (load && to.cursor() === null) void reload()
    else follow()
  }

  return {
    get isRunning() {
      return round !== null
    },
    start,
    stop(): void {
      clearTimeout(retry)
      if (round) end()
    },
  }
}

/** Ends along with its round, at once where that is over. */
function within(signal: AbortSignal, one: { unsubscribe(): void }): void {
  if (signal.aborted) one.unsubscribe()
  else signal.addEventListener('abort', () => one.unsubscribe())
}

/** For ever, once aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
