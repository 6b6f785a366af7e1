import type { PresenceChange, PresenceMember, PresenceState } from '@holdfast/protocol'

/** What the broker keeps of a topic's presence. */
export interface PresenceRecord extends PresenceState {
  /** Changes that may not be in the log yet: their node could have died between the two. */
  readonly unsaid: readonly Unsaid[]
}

/** `by`: the node that made it. */
export type Unsaid = PresenceChange & { readonly by: string }

/** What is to become of a session: out, or in with what others may see. */
export type Wish = 'out' | { readonly info: unknown }

export interface Amended {
  readonly state: PresenceState
  readonly changes: readonly Unsaid[]
  /** For whom there was no room. */
  readonly crowded: readonly string[]
}

/** The presence after the wishes have come true, with `most` members. What has begun anew is told as a whole. */
export function amend(
  found: PresenceState | null,
  wishes: ReadonlyMap<string, Wish>,
  { by, now, most }: { by: string; now: number; most: number },
): Amended {
  const members: Record<string, PresenceMember> = { ...found?.members }
  const changes: Unsaid[] = []
  const crowded: string[] = []
  let count = Object.keys(members).length
  // A clock as well as a counter: a record that begins anew, when an earlier one has expired, goes on above it.
  let v = found?.v ?? 0
  const rise = () => {
    v = Math.max(v + 1, now)
    return v
  }

  for (const [id, wish] of wishes) {
    if (wish !== 'out' || !Object.hasOwn(members, id)) continue
    delete members[id]
    count--
    changes.push({ v: rise(), id, here: false, by })
  }
  for (const [id, wish] of wishes) {
    if (wish === 'out' || Object.hasOwn(members, id)) continue
    if (count >= most) {
      crowded.push(id)
      continue
    }
    members[id] = { info: wish.info, since: now }
    count++
    changes.push({ v: rise(), id, here: true, info: wish.info, since: now, by })
  }
  if (found) return { state: { v, members }, changes, crowded }
  const state = { v: rise(), members }
  return { state, changes: [{ ...state, by }], crowded }
}
