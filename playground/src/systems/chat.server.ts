import type { Hub } from '@holdfast/server'
import { chat, type User } from './topics.ts'

/** A room keeps what was said for a day, and knows who is in it. */
export function serveChat(hub: Hub<User>): () => void {
  hub.topics(chat, { history: { count: 200, ageMs: 86_400_000 }, presence: ({ id }: User) => ({ name: id }) })
  return () => {}
}
