import type { PresenceChange, PresenceState, PresenceTopic } from '@holdfast/protocol'
import type { Store } from '@xstate/store'
import type { TopicLogic } from './fold.ts'
import type { Member, PresenceData } from './presence.ts'
import { changePresence, fromState, nobody } from './presence.ts'
import type { StoreSource } from './source.ts'
import { type TopicStore, type TopicStoreOptions, topicStore } from './topic-store.ts'

type Told<Info> = { type: 'joined'; member: Member<Info> } | { type: 'left'; member: Member<Info> }

/** Who is in a topic, as a store: `data.here`. */
export interface PresenceStore<Info>
  extends Omit<TopicStore<PresenceData<Info>, PresenceChange<Info>>, 'on' | 'publish'> {
  /** Tells at once of who joins and who leaves after the first state; after a gap, of the difference. */
  readonly on: Store<object, Record<never, object>, Told<Info>>['on']
}

export type PresenceStoreOptions = Pick<TopicStoreOptions<never, never>, 'everyMs' | 'report' | 'now'>

/** Follows who is in a topic: `presenceStore(connection.presence('chat:lobby'))`. */
export function presenceStore<Info>(
  presence: PresenceTopic<Info> | StoreSource<PresenceChange<Info>>,
  options: PresenceStoreOptions = {},
): PresenceStore<Info> {
  type Data = PresenceData<Info>
  const store = topicStore<Data, PresenceChange<Info>>(presence, {
    ...options,
    initial: nobody,
    message: changePresence,
    restore: (data) => fromState(data as PresenceState<Info>),
    // The hub could not say who is there: what it says next goes on from what is known.
    gap: (data) => data,
  })
  return store.with(announce as never) as unknown as PresenceStore<Info>
}

/** The same logic, which emits what has changed of who is there. */
const announce = <Info>(logic: TopicLogic<PresenceData<Info>, PresenceChange<Info>>): typeof logic => ({
  ...logic,
  transition(snapshot, event) {
    const [next, effects] = logic.transition(snapshot, event)
    const told = differences(snapshot.context.data, next.context.data)
    return [next, [...effects, ...(told as never[])]]
  },
})

function differences<Info>(before: PresenceData<Info>, now: PresenceData<Info>): Told<Info>[] {
  if (before.here === now.here || before.v < 0) return []
  const was = new Set(before.here.map(({ id }) => id))
  const is = new Set(now.here.map(({ id }) => id))
  return [
    ...before.here.flatMap((member) => (is.has(member.id) ? [] : [{ type: 'left', member } as const])),
    ...now.here.flatMap((member) => (was.has(member.id) ? [] : [{ type: 'joined', member } as const])),
  ]
}
