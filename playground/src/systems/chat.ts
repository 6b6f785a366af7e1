import type { Connection } from '@holdfast/client'
import { topicStore } from '@holdfast/store'
import { h } from '../dom.ts'
import { type ChatMessage, chat, type Me } from './topics.ts'
import { createComposer, createList, drawEntry, type Entry, showFreshness, watchData } from './view.ts'

/** `time` is null while it is on its way. */
type Line = ChatMessage & { readonly time: number | null }

/** A room to talk in. */
export function showChat(connection: Connection, root: HTMLElement, me: Me): void {
  const room = chat({ room: 'lobby' })
  const store = topicStore(connection.topic(room, { from: { last: 50 } }), {
    initial: [] as readonly Line[],
    message: (lines, said, { time }) => add(lines, { ...said, time }),
    optimistic: (lines, said) => add(lines, { ...said, time: null }),
    gap: (lines, { to }) => add(lines, { id: to, name: '', text: 'What was said before is no longer kept.', time: 0 }),
  })
  const messages = h('ol', { class: 'messages scroll', 'aria-live': 'polite', 'aria-label': 'Messages', tabindex: 0 })
  const drawLines = createList(messages, (line: Line) => drawEntry(entryOf(line, me.name)), { follow: true })
  const composer = createComposer({
    label: 'Message',
    placeholder: 'Say something, even offline',
    make: (written) => ({ ...written, name: me.name }),
    send: store.publish,
  })
  root.append(messages, composer.element)
  showFreshness(root, store)
  watchData(store, (lines) => {
    drawLines(lines)
    composer.arrived(lines)
  })
}

/** What was sent again because nobody could know is the same line. */
function add(lines: readonly Line[], line: Line): readonly Line[] {
  return lines.some(({ id }) => id === line.id) ? lines : [...lines, line].slice(-200)
}

function entryOf({ id, name, text, time }: Line, me: string): Entry {
  if (name === me) return { id, who: name, text, time, kind: 'own', mark: time ? 'sent ✓' : 'sending …' }
  return { id, who: name, text, time, kind: name ? undefined : 'note' }
}
