import { createStore, type Store } from '@xstate/store'
import { atOnce, createCoalesced, guarded } from './coalesce.ts'
import type { Watchable } from './source.ts'

/** What a connection's store adds to its state. */
export interface Loss {
  /** For people: there has been no connection for a while. A blip is none. */
  readonly lost: boolean
}

export interface ConnectionStoreOptions {
  /** How long it takes for a blip to become a loss, in ms. Default 5,000. */
  readonly lostAfterMs?: number
  /** A subscriber that threw. Default: `console.error`. */
  readonly report?: (error: unknown) => void
}

/** What a store needs of a connection. */
export interface StoreConnection<C extends { readonly phase: string }> {
  readonly state$: Watchable<C>
  getState(): C
}

/** A connection's state as a store, with `lost` for people. */
export function connectionStore<C extends { readonly phase: string }>(
  connection: StoreConnection<C>,
  { lostAfterMs = 5_000, report = console.error }: ConnectionStoreOptions = {},
): Store<C & Loss, { changed: { state: C }; lost: object }, never> {
  const store = createStore({
    context: { ...connection.getState(), lost: false } as C & Loss,
    on: {
      // What has failed is not tried again by itself.
      changed: (context, { state }: { state: C }) =>
        ({ ...state, lost: state.phase === 'failed' || (context.lost && isAway(state)) }) as C & Loss,
      lost: (context) => ({ ...context, lost: true }),
    },
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  const coalesced = createCoalesced({ schedule: atOnce, report })
  const { get } = store
  const dispatch = guarded(store.send, report)

  function send(event: Parameters<typeof dispatch>[0]): void {
    dispatch(event)
    // The store itself does not tell of what changes while it tells.
    coalesced.changed()
  }

  function watch(state: C): void {
    send({ type: 'changed', state })
    const { context } = get()
    if (!isAway(context) || context.lost) {
      clearTimeout(timer)
      timer = undefined
    } else timer ??= setTimeout(send, lostAfterMs, { type: 'lost' })
  }

  store.subscribe(coalesced.changed)
  connection.state$.subscribe({ next: watch, complete: () => clearTimeout(timer) })
  return Object.assign(store, coalesced.readable(get))
}

/** Wanted, and not there. */
const isAway = ({ phase }: { readonly phase: string }): boolean => !['idle', 'online', 'closed'].includes(phase)
