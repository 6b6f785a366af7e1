import type { Connection } from '@holdfast/client'
import { topicStore } from '@holdfast/store'
import { h } from '../dom.ts'
import { type ChatMessage, chat, type Me } from './topics.ts'
import { clock, createComposer, createList, showFreshness, watch } from './view.ts'

/** `time` is null while it is on its way. */
type Line = ChatMessage & { readonly time: number | null }

/** A room to talk in. */
export function showChat(connection: Connection, root: HTMLElement, me: Me): void {
  const store = topicStore(connection.topic(chat({ room: 'lobby' }), { from: { last: 50 } }), {
    initial: [] as readonly Line[],
    message: (lines, said, { time }) => add(lines, { ...said, time }),
    optimistic: (lines, said) => add(lines, { ...said, time: null }),
    gap: (lines, { to }) => add(lines, { id: to, name: '', text: 'What was said before is no longer kept.', time: 0 }),
  })
  const messages = h('ol', { class: 'messages scroll', 'aria-live': 'polite', 'aria-label': 'Messages', tabindex: 0 })
  const composer = createComposer('Message', 'Say something, even offline', (written) =>
    store.publish({ ...written, name: me.name }),
  )
  const drawLines = createList(messages, (line: Line) => drawLine(line, line.name === me.name), { follow: true })
  root.append(messages, composer.element)
  showFreshness(root, store)
  watch(
    store.select(({ data }) => data),
    (lines) => {
      drawLines(lines)
      composer.arrived(lines)
    },
  )
}

/** What was sent again because nobody could know is the same line. */
function add(lines: readonly Line[], line: Line): readonly Line[] {
  return lines.some(({ id }) => id === line.id) ? lines : [...lines, line].slice(-200)
}

function drawLine({ name, text, time }: Line, isOwn: boolean): HTMLElement {
  if (!name) return h('li', { class: 'line note' }, text)
  const receipt = isOwn ? h('span', { class: 'receipt' }, time ? 'sent ✓' : 'waits') : ''
  return h(
    'li',
    { class: `line ${isOwn ? 'own' : ''} ${time ? '' : 'pending'}` },
    h('span', { class: 'text' }, h('b', {}, name), ' ', text),
    h('span', { class: 'meta' }, receipt, time ? clock(time) : ''),
  )
}
