import type { TopicLogic } from './fold.ts'
import { unknown } from './fold.ts'

/** The event by which `persist` of `@xstate/store` brings in what an asynchronous storage had. */
export const rehydrate = '__persist.rehydrate'

/** False while `persist` waits for an asynchronous storage. */
export const isHydrated = (snapshot: object): boolean =>
  (snapshot as { _persist?: { hydrated: boolean } })._persist?.hydrated !== false

/** What was kept of an earlier page is a confirmed state with its cursor; nothing else of it holds now. */
export function resumable<S, T>(logic: TopicLogic<S, T>): TopicLogic<S, T> {
  type Snapshot = ReturnType<typeof logic.getInitialSnapshot>
  const resumed = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    context: { ...snapshot.context, ...unknown, data: snapshot.context.confirmed },
  })
  return {
    ...logic,
    getInitialSnapshot: () => resumed(logic.getInitialSnapshot()),
    transition(snapshot, event) {
      const [next, effects] = logic.transition(snapshot, event)
      return [(event.type as string) === rehydrate ? resumed(next) : next, effects]
    },
  }
}
