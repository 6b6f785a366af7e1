import type { Connection } from '@holdfast/client'
import { topicStore } from '@holdfast/store'
import { h, setText } from '../dom.ts'
import { type Me, markRead, notes, notify, type Told } from './topics.ts'
import { createComposer, createList, drawEntry, reasonWords, showFreshness, watchData } from './view.ts'

const nothing = { told: [] as readonly (Told & { readonly offset: number; readonly time: number })[], upTo: 0 }

/** What one is told, and what of it is unread: the same on all pages of one's own. */
export function showNotifications(connection: Connection, root: HTMLElement, me: Me): void {
  const store = topicStore(connection.topic(notes({ user: me.name }), { from: 'start' }), {
    initial: nothing,
    message({ told, upTo }, note, { offset, time }) {
      if (note.kind === 'read') return { told, upTo: Math.max(upTo, note.upTo) }
      return { told: told.some(({ id }) => id === note.id) ? told : [{ ...note, offset, time }, ...told], upTo }
    },
  })
  const unread = h('p', { class: 'unread-count', role: 'status' })
  const button = h('button', { type: 'button' }, 'Mark all as read')
  const list = h('ol', { class: 'notes scroll', 'aria-label': 'Notifications' })
  const to = h('input', { type: 'text', value: me.name, maxlength: 32 })
  const { element } = createComposer({
    label: 'Notice',
    placeholder: 'Tell somebody something',
    make: (written) => ({ ...written, to: to.value.trim(), kind: 'message' as const }),
    send: (notice) => connection.request(notify, notice),
  })
  const drawTold = createList(list, drawEntry)
  button.addEventListener('click', () => {
    const upTo = store.get().context.data.told[0]?.offset ?? 0
    connection.request(markRead, { upTo }).catch((error) => setText(unread, reasonWords(error)))
  })
  root.append(h('div', { class: 'bar' }, unread, button), list, h('label', { class: 'to' }, 'To', to), element)
  showFreshness(root, store)
  watchData(store, ({ told, upTo }) => {
    const count = told.filter(({ offset }) => offset > upTo).length
    setText(unread, count === 0 ? 'Nothing is unread' : `${count} unread`)
    drawTold(told.map((note) => ({ ...note, who: note.from, kind: note.offset > upTo ? 'unread' : undefined })))
  })
}
