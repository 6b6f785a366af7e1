import { randomUUID } from 'node:crypto'
import type { Hub } from '@holdfast/server'
import { presenceStore } from '@holdfast/store'
import { keepDocument } from './collab.server.ts'
import { doc, notes, type User } from './topics.ts'

/** Whoever is mentioned in the plan, as `@name` and a space, is told so: it is the server that reads and tells. */
export function serveHybrid(hub: Hub<User>): () => void {
  const { text, stop } = keepDocument(hub, 'plan')
  const here = presenceStore<string>(hub.presence(doc({ id: 'plan' })), { everyMs: 0 })
  let before = ''
  text.observe(({ transaction }) => {
    const now = text.toString()
    const names = new Set(here.get().context.data.here.map(({ info }) => info))
    for (const name of names) {
      if (mentions(now, name) <= mentions(before, name)) continue
      const from = (transaction.origin as User | null)?.id ?? 'somebody'
      const note = { kind: 'mention', id: randomUUID(), from, text: 'mentions you in the plan' } as const
      hub.topic(notes({ user: name })).next(note)
    }
    before = now
  })
  return stop
}

/** How often somebody is mentioned. A name that another letter follows is still being written. */
const mentions = (text: string, name: string): number =>
  text.split(`@${name}`).filter((rest, i) => i > 0 && /^[^\p{L}\p{N}]/u.test(rest)).length
