import type { Observable, Subscriber } from 'rxjs'
import type { Clock } from './options.ts'
import { type ConnectionState, type Gauges, project, type Snapshot } from './status.ts'
import type { Streams } from './streams.ts'

const gaugesEveryMs = 250

/** `state$` and `getState`: the machine's snapshot and the gauges, as one observable. */
export function createStateStream(
  actor: { getSnapshot(): Snapshot },
  streams: Streams,
  clock: Clock,
  gauges: () => Gauges,
) {
  const subscribers = new Set<Subscriber<ConnectionState>>()
  let last: ConnectionState | null = null
  let timer: unknown = null
  let ended = false

  const getState = () => project(actor.getSnapshot(), gauges())

  function changed(): void {
    clock.clearTimeout(timer)
    timer = null
    const state = getState()
    if (last && isSame(last, state)) return
    last = state
    for (const subscriber of [...subscribers]) subscriber.next(state)
  }

  return {
    getState,
    changed,
    gaugesChanged(): void {
      if (!ended && subscribers.size > 0) timer ??= clock.setTimeout(changed, gaugesEveryMs)
    },
    end(): void {
      changed()
      ended = true
      for (const subscriber of [...subscribers]) subscriber.complete()
      subscribers.clear()
    },
    state$: streams.stream<ConnectionState>((subscriber) => {
      subscriber.next(getState())
      if (ended) subscriber.complete()
      else subscribers.add(subscriber)
      return () => subscribers.delete(subscriber)
    }) as Observable<ConnectionState>,
  }
}

const isSame = (a: ConnectionState, b: ConnectionState): boolean =>
  (Object.keys(a) as (keyof ConnectionState)[]).every((key) => a[key] === b[key])
