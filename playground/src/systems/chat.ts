import type { Connection } from '@holdfast/client'
import { presenceStore, topicStore } from '@holdfast/store'
import { h, setText } from '../dom.ts'
import { type ChatMessage, chat, type Me } from './topics.ts'
import { createComposer, createList, drawEntry, type Entry, showFreshness, watchData } from './view.ts'

/** A room to talk in. */
export function showChat(connection: Connection, root: HTMLElement, me: Me): void {
  const room = chat({ room: 'lobby' })
  const lineOf = ({ id, name, text }: ChatMessage, time: number | null): Entry =>
    name === me.name
      ? { id, who: name, text, time, kind: 'own', mark: time === null ? 'sending …' : 'sent ✓' }
      : { id, who: name, text, time }
  const store = topicStore(connection.topic(room, { from: { last: 50 } }), {
    initial: [] as readonly Entry[],
    message: (lines, said, { time }) => add(lines, lineOf(said, time)),
    optimistic: (lines, said) => add(lines, lineOf(said, null)),
    gap: (lines, { to }) => add(lines, { id: to, who: '', text: 'Older messages are gone.', time: 0, kind: 'note' }),
  })
  const people = h('p', { class: 'people' })
  const messages = h('ol', { class: 'messages scroll', 'aria-live': 'polite', 'aria-label': 'Messages', tabindex: 0 })
  const { element, arrived } = createComposer({
    label: 'Message',
    placeholder: 'Say something, even offline',
    make: (written) => ({ ...written, name: me.name }),
    send: store.publish,
  })
  root.append(people, messages, element)
  showFreshness(root, store)
  watchData(store, createList(messages, drawEntry, { follow: true }))
  watchData(store, arrived)
  watchData(presenceStore<Me>(connection.presence(room)), ({ here }) =>
    setText(people, `Here: ${[...new Set(here.map(({ info }) => info.name))].join(', ')}`),
  )
}

/** What was sent again because nobody could know is the same line. */
const add = (lines: readonly Entry[], line: Entry): readonly Entry[] =>
  lines.some(({ id }) => id === line.id) ? lines : [...lines, line].slice(-200)
