import type { Clock } from './clock.ts'
import { createOutlet } from './outlet.ts'
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
  const states = createOutlet<ConnectionState>()
  let last = ''
  let timer: unknown = null

  const getState = () => project(actor.getSnapshot(), gauges())

  function changed(): void {
    clock.clearTimeout(timer)
    timer = null
    const state = getState()
    const text = JSON.stringify(state)
    if (text === last) return
    last = text
    states.next(state)
  }

  return {
    getState,
    changed,
    gaugesChanged(): void {
      if (states.observed) timer ??= clock.setTimeout(changed, gaugesEveryMs)
    },
    end(): void {
      changed()
      states.end()
    },
    state$: streams.stream<ConnectionState>((subscriber) => {
      subscriber.next(getState())
      return states.listen(subscriber)
    }),
  }
}
