import type { Hub } from '@holdfast/server'
import { markRead, notes, notify, type User } from './topics.ts'

/** Each user has a topic of their own, which the hub alone writes to: it says who a note is from. */
export function serveNotifications(hub: Hub<User>): () => void {
  hub.topics(notes, { history: { count: 200, ageMs: 86_400_000 } })
  const stops = [
    hub.handle(notify, async ({ user, data: { to, ...note } }) => {
      await hub.topic(notes({ user: to })).publish({ ...note, from: user.id })
    }),
    hub.handle(markRead, async ({ user, data: { upTo } }) => {
      await hub.topic(notes({ user: user.id })).publish({ kind: 'read', upTo })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
