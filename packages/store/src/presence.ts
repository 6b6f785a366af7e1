import type { PresenceChange, PresenceMember, PresenceState } from '@holdfast/protocol'

/** A session that is in a topic. */
export interface Member<Info = unknown> extends PresenceMember<Info> {
  /** The session's public id; one's own is `connection.session`. */
  readonly id: string
}

/** What is known of a topic's presence. */
export interface PresenceData<Info = unknown> {
  /** Who came first comes first. */
  readonly here: readonly Member<Info>[]
  /** Up to where everybody is known; -1 before the first state. */
  readonly v: number
  /** What was said later than that, those who went among them: changes may overtake each other. */
  readonly later: readonly Later[]
}

type Later = readonly [id: string, v: number]

export const nobody: PresenceData<never> = { here: [], v: -1, later: [] }

/** What one who knows nothing yet, or whose knowledge is void, learns of a state. */
export const fromState = <Info>({ v, members }: PresenceState<Info>): PresenceData<Info> => ({
  here: sorted(Object.entries(members).map(([id, member]) => ({ id, ...member }))),
  v,
  later: [],
})

/** What is known after a change: of each session counts what was said with the highest `v`. */
export function changePresence<Info>(data: PresenceData<Info>, change: PresenceChange<Info>): PresenceData<Info> {
  if (change.v <= data.v) return data
  if ('members' in change) {
    const later = after(change.v, data.later)
    const ids = new Set(later.map(([id]) => id))
    const told = fromState(change).here.filter(({ id }) => !ids.has(id))
    return { here: sorted([...data.here.filter(({ id }) => ids.has(id)), ...told]), v: change.v, later }
  }
  const { id, v } = change
  if (data.later.some(([other, known]) => other === id && known >= v)) return data
  const others = data.here.filter((member) => member.id !== id)
  const here = change.here ? sorted([...others, { id, info: change.info, since: change.since }]) : others
  return settled({ here, v: data.v, later: [...data.later.filter(([other]) => other !== id), [id, v]] })
}

const mostLater = 2_000

/** Forgets the older half once there is too much: no change is overtaken by so many. */
function settled<Info>(data: PresenceData<Info>): PresenceData<Info> {
  if (data.later.length <= mostLater) return data
  const v = data.later.map(([, at]) => at).sort((a, b) => a - b)[mostLater / 2] as number
  return { here: data.here, v, later: after(v, data.later) }
}

const after = (v: number, later: readonly Later[]): Later[] => later.filter(([, at]) => at > v)

const sorted = <Info>(members: Member<Info>[]): Member<Info>[] =>
  members.sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1))
