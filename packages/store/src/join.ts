import type { Cursor, MessageEvent } from '@holdfast/protocol'
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
  now(): number
}

const retryMs = { first: 1_000, cap: 30_000 }

/** Keeps a store at its topic: a state with its cursor, then the topic from that cursor. A gap starts over. */
export function createJoin<S, T>(source: StoreSource<T>, load: Loader<S> | undefined, to: JoinTo<S, T>) {
  /** Ends what the present round has begun; what it answers later is no longer heard. */
  let round: AbortController | null = null

  function begin(): AbortSignal {
    round?.abort()
    round = new AbortController()
    return round.signal
  }

  function end(): void {
    round?.abort()
    round = null
    to.send({ type: 'stale', at: to.now() })
  }

  /** From where the store stands, or from where its topic starts. */
  function follow(): void {
    const signal = begin()
    const cursor = to.cursor()
    const { events$, live$ } = cursor !== null && source.from ? source.from(cursor) : source
    const own = [
      events$.subscribe({
        next(event) {
          if (signal.aborted) return
          if (event.type === 'message') to.message(event)
          else if (load) event.type === 'gap' && void reload()
          // What follows it in the same step starts over.
          else if (!(event.type === 'gap' && event.snapshot)) to.send({ type: event.type, event } as FoldEvent<S, T>)
        },
        error(error) {
          if (signal.aborted) return
          end()
          // A cursor that was kept, or came from elsewhere, and is none here: without it there is still the topic.
          if (cursor !== null && asError(error).code === 'bad-cursor') {
            to.send({ type: 'lost' })
            start()
          } else to.send({ type: 'failed', error: asError(error) })
        },
        complete: () => !signal.aborted && end(),
      }),
    ]
    const stop = () => own.forEach((one) => void one.unsubscribe())
    signal.addEventListener('abort', stop)
    if (signal.aborted) return stop()
    const told = live$?.subscribe({
      next: (live) => !signal.aborted && to.send(live ? { type: 'live' } : { type: 'stale', at: to.now() }),
    })
    if (told) own.push(told)
    else to.send({ type: 'live' })
    if (signal.aborted) stop()
  }

  async function reload(pauseMs = retryMs.first): Promise<void> {
    const signal = begin()
    to.send({ type: 'stale', at: to.now() })
    try {
      const { state, cursor } = await (load as Loader<S>)(signal)
      if (signal.aborted) return
      to.send({ type: 'loaded', state, cursor })
      follow()
    } catch (error) {
      if (signal.aborted) return
      to.send({ type: 'failed', error: asError(error, 'snapshot-failed') })
      const timer = setTimeout(() => void reload(Math.min(2 * pauseMs, retryMs.cap)), pauseMs * Math.random())
      signal.addEventListener('abort', () => clearTimeout(timer))
    }
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
    stop: () => round && end(),
  }
}
