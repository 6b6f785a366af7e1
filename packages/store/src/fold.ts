import {
  type Cursor,
  type GapEvent,
  HoldfastError,
  type MessageEvent,
  parseCursor,
  type SnapshotEvent,
} from '@holdfast/protocol'
import type { StoreExtension } from '@xstate/store'
import type { Pending, StateAt, TopicContext } from './context.ts'

/** How a topic becomes a state. None of these changes the state that it is given. */
export interface FoldOptions<S, T> {
  /** Before anything is known, and what a gap without a snapshot starts over with. */
  readonly initial: S
  readonly message?: ((state: S, data: T, event: MessageEvent<T>) => S) | undefined
  /** Instead of `message`: all that came since the last read or frame at once. */
  readonly messages?: ((state: S, batch: readonly T[], events: readonly MessageEvent<T>[]) => S) | undefined
  /** What remains of the state where history is missing and no snapshot follows. Default: `initial`. */
  readonly gap?: ((state: S, event: GapEvent) => S) | undefined
  /** The state of a snapshot of the hub. Default: its data as they are. */
  readonly restore?: ((data: unknown) => S) | undefined
  /** Shows one's own changes at once, by `message` (true) or by this. Default false: with their entry. */
  readonly optimistic?: boolean | ((state: S, data: T, change: Pending<T>) => S) | undefined
  /** A state to begin with: rendered on a server, for one. The topic goes on from its cursor. */
  readonly hydrate?: StateAt<S> | undefined
}

/** What happens to a topic's store: its events, as an inspector shows them. */
export type FoldEvents<S, T> = {
  messages: { events: readonly MessageEvent<T>[] }
  gap: { event: GapEvent }
  snapshot: { event: SnapshotEvent }
  /** The loader's answer. */
  loaded: StateAt<S>
  /** The cursor was none of this topic's, so that the state cannot be gone on with. */
  lost: object
  live: object
  stale: { at: number }
  published: { key: number; data: T }
  sent: { key: number; id: string }
  accepted: { key: number; cursor: Cursor }
  rejected: { key: number; error: HoldfastError }
  failed: { error: HoldfastError }
}

export type FoldEvent<S, T> = { [K in keyof FoldEvents<S, T>]: { type: K } & FoldEvents<S, T>[K] }[keyof FoldEvents<
  S,
  T
>]

export type TopicLogic<S, T> = Parameters<
  StoreExtension<TopicContext<S, T>, FoldEvents<S, T>, Record<never, object>, never>
>[0]

/** The pure part: a store's logic, which is fed with what the topic tells and what the user does. */
export function createFold<S, T>(options: FoldOptions<S, T>, report: (error: HoldfastError) => void): TopicLogic<S, T> {
  const { initial, message, messages, optimistic, hydrate } = options
  const { restore = (data) => data as S, gap = () => initial } = options
  const overlay = typeof optimistic === 'function' ? optimistic : optimistic ? overlayOf : null
  /** What a function of the user's threw in this step. */
  let fault: HoldfastError | null = null

  function attempt(state: S, next: () => S): S {
    try {
      return next()
    } catch (cause) {
      fault = new HoldfastError('listener-failed', `a function of the store failed: ${cause}`, { cause })
      return state
    }
  }

  function advance(state: S, events: readonly MessageEvent<T>[]): S {
    if (messages) return attempt(state, () => messages(state, events.map(dataOf), events))
    return events.reduce((now, event) => attempt(now, () => (message ? message(now, event.data, event) : now)), state)
  }

  /** As its entry will, but for what only the hub knows: place and time. */
  function overlayOf(state: S, data: T): S {
    return advance(state, [{ type: 'message', data, cursor: '', offset: 0, epoch: '', time: 0 }])
  }

  /** The context with what it shows brought up to date. */
  function show(context: Context): Context {
    let data = context.confirmed
    if (overlay)
      for (const change of context.pending)
        if (!change.doubtful) data = attempt(data, () => overlay(data, change.data, change))
    return { ...context, data }
  }

  /** From a state that did not come about message by message. */
  function restart(context: Context, confirmed: S, cursor: Cursor): Context {
    const pending = stillToCome(context.pending, cursor).map((one) =>
      one.id !== null && one.cursor === null ? { ...one, doubtful: true } : one,
    )
    return show({ ...context, confirmed, cursor, pending })
  }

  type Context = TopicContext<S, T>
  const steps: { [K in keyof FoldEvents<S, T>]: (context: Context, event: FoldEvents<S, T>[K]) => Context } = {
    messages(context, { events }) {
      const confirmed = advance(context.confirmed, events)
      const cursor = events.at(-1)?.cursor ?? context.cursor
      if (context.pending.length === 0) return { ...context, confirmed, cursor, data: confirmed }
      const others = context.pending.filter((one) => !events.some((event) => isEntryOf(event, one)))
      return show({ ...context, confirmed, cursor, pending: stillToCome(others, cursor) })
    },
    gap: (context, { event }) =>
      restart(
        context,
        attempt(context.confirmed, () => gap(context.confirmed, event)),
        event.to,
      ),
    snapshot: (context, { event }) =>
      restart(
        context,
        attempt(context.confirmed, () => restore(event.data)),
        event.cursor,
      ),
    loaded: (context, { state, cursor }) => restart({ ...context, error: null }, state, cursor),
    lost: (context) => show({ ...context, confirmed: initial, cursor: null }),
    live: (context) =>
      context.status === 'live' && !context.error
        ? context
        : { ...context, status: 'live', staleSince: null, error: null },
    stale: (context, { at }) =>
      context.status === 'stale' ? context : { ...context, status: 'stale', staleSince: at },
    published: (context, { key, data }) => {
      const added: Pending<T> = { key, data, id: null, cursor: null, doubtful: false }
      return show({ ...context, error: null, pending: [...context.pending, added] })
    },
    sent: (context, { key, id }) => ({ ...context, pending: changed(context.pending, key, { id }) }),
    accepted(context, { key, cursor }) {
      // An entry that overtook its receipt took the change along; one that lies in a snapshot, or in an epoch before, never comes.
      const left = context.pending.filter((one) => one.key !== key || !isPast(cursor, context.cursor, one.doubtful))
      return show({ ...context, pending: bounded(changed(left, key, { cursor, doubtful: false })) })
    },
    rejected: (context, { key, error }) =>
      show({ ...context, error, pending: context.pending.filter((one) => one.key !== key) }),
    failed: (context, { error }) => ({ ...context, error }),
  }

  return {
    eventTypes: Object.keys(steps),
    getInitialSnapshot() {
      const confirmed = hydrate ? hydrate.state : initial
      const cursor = hydrate ? hydrate.cursor : null
      const context: Context = { data: confirmed, ...unknown, confirmed, cursor }
      return { status: 'active', context, output: undefined, error: undefined }
    },
    transition(snapshot, event) {
      fault = null
      const step = steps[event.type as FoldEvent<S, T>['type']]
      const context = step ? step(snapshot.context, event as never) : snapshot.context
      if (context === snapshot.context) return [snapshot, []]
      if (fault === null) return [{ ...snapshot, context }, []]
      const error: HoldfastError = fault
      return [{ ...snapshot, context: { ...context, error } }, [() => report(error)]]
    },
  }
}

/** What a page that was just loaded knows of the topic's stream: nothing. */
export const unknown = { status: 'stale', staleSince: null, pending: [], error: null } as const

const dataOf = <T>({ data }: MessageEvent<T>): T => data

const isEntryOf = <T>(event: MessageEvent<T>, { id }: Pending<T>): boolean => id !== null && event.id === id

const changed = <T>(pending: readonly Pending<T>[], key: number, to: Partial<Pending<T>>): readonly Pending<T>[] =>
  pending.map((one) => (one.key === key ? { ...one, ...to } : one))

/** More than the receipts that a hub keeps. */
const mostAccepted = 2_000

/** Where nothing is heard, for one does not listen or may not, the oldest that were accepted are let go. */
function bounded<T>(pending: readonly Pending<T>[]): readonly Pending<T>[] {
  const accepted = pending.filter(({ cursor }) => cursor !== null)
  return accepted.length > mostAccepted ? pending.filter((one) => one !== accepted[0]) : pending
}

/** Without those whose place the topic has passed: their entries came, lie in a snapshot, or were superseded. */
const stillToCome = <T>(pending: readonly Pending<T>[], here: Cursor | null): readonly Pending<T>[] =>
  pending.filter(({ cursor }) => cursor === null || !isPast(cursor, here, true))

/** Whether one who stands at `here` has the place behind. Of another epoch only where `here` has just moved. */
function isPast(place: Cursor, here: Cursor | null, hasMoved = false): boolean {
  const [entry, now] = [parseCursor(place), here === null ? null : parseCursor(here)]
  if (!entry || !now) return false
  return entry.epoch === now.epoch ? entry.offset <= now.offset : hasMoved
}
