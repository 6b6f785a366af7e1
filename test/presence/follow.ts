import type { PresenceChange, PresenceState, PresenceTopic } from '@holdfast/client'

/** Who is in a topic, as one who reads its presence by the rules of PROTOCOL.md knows. */
export interface Followed {
  /** The ids of the sessions, sorted. */
  readonly here: readonly string[]
  readonly info: Readonly<Record<string, unknown>>
  /** What changed what is known, after the first state: `+id`, `-id`. */
  readonly steps: readonly string[]
  /** Why it ended. */
  readonly ended: string | null
  stop(): void
}

export function follow({ events$ }: PresenceTopic): Followed {
  const members = new Map<string, unknown>()
  const newest = new Map<string, number>()
  const steps: string[] = []
  let from = -1
  let ended: string | null = null

  const put = (id: string, info: unknown) => {
    if (!members.has(id) && from >= 0) steps.push(`+${id}`)
    members.set(id, info)
  }
  const drop = (id: string) => members.delete(id) && steps.push(`-${id}`)
  /** A word about everybody; who is known by a later one is left alone. */
  const state = ({ v, members: told }: PresenceState) => {
    for (const [id, known] of newest) if (known <= v) newest.delete(id)
    for (const id of [...members.keys()]) if (!newest.has(id) && !Object.hasOwn(told, id)) drop(id)
    for (const [id, { info }] of Object.entries(told)) if (!newest.has(id)) put(id, info)
    from = v
  }
  const take = (change: PresenceChange) => {
    if (change.v <= from) return
    if ('members' in change) return state(change)
    const { id, v } = change
    if (v <= (newest.get(id) ?? 0)) return
    newest.set(id, v)
    if (change.here) put(id, change.info)
    else drop(id)
  }

  const subscription = events$.subscribe({
    next(event) {
      if (event.type === 'snapshot') {
        newest.clear()
        state(event.data as PresenceState)
      } else if (event.type === 'message') take(event.data)
    },
    error: (error) => {
      ended = error.code
    },
    complete: () => {
      ended = 'completed'
    },
  })
  return {
    get here() {
      return [...members.keys()].sort()
    },
    get info() {
      return Object.fromEntries(members)
    },
    steps,
    get ended() {
      return ended
    },
    stop: () => subscription.unsubscribe(),
  }
}
