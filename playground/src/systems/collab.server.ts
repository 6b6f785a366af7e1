import type { Hub, StandardSchema } from '@holdfast/server'
import * as Y from 'yjs'
import { carets, doc, type User } from './topics.ts'

export function serveCollab(hub: Hub<User>): () => void {
  // Where nobody has moved for a minute, nobody writes.
  hub.topics(carets, { conflate: ({ session }) => session, history: { count: 100, ageMs: 60_000 } })
  return keepDocument(hub, 'notes').stop
}

/** Folds a document's topic: whoever comes, or was away for too long, begins with all of it, so its history may be short. */
export function keepDocument(hub: Hub<User>, id: string) {
  const copy = new Y.Doc()
  const text = copy.getText()
  let cursor: string | null = null
  hub.topics(doc({ id }).name, {
    history: { count: 200 },
    presence: ({ id }) => id,
    schema: updateOf(text),
    snapshot: () => (cursor === null ? null : { state: Y.encodeStateAsUpdate(copy), cursor }),
  })
  const following = hub.topic(doc({ id }), { from: 'start' }).events$.subscribe((event) => {
    if (event.type !== 'message') return
    cursor = event.cursor
    Y.applyUpdate(copy, event.data, event.user)
  })
  return { text, stop: () => following.unsubscribe() }
}

/** What Yjs can read; into a text that is full, nothing but what shortens it. */
function updateOf(text: Y.Text): StandardSchema<unknown, Uint8Array> {
  const isWriting = (update: Uint8Array) => Y.decodeUpdate(update).structs.length > 0
  const validate = (value: unknown) => {
    if (!(value instanceof Uint8Array)) return { issues: [{ message: 'this is no update' }] }
    const isFull = isWriting(value) && text.length > 20_000
    return isFull ? { issues: [{ message: 'the document is full' }] } : { value }
  }
  return { '~standard': { version: 1, vendor: 'playground', validate } }
}
