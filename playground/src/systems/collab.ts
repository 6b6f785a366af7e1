import { type Connection, HoldfastError } from '@holdfast/client'
import { presenceStore, topicStore } from '@holdfast/store'
import * as Y from 'yjs'
import { h, setText } from '../dom.ts'
import { createPaper, drawPeople } from './text-paper.ts'
import { type Caret, carets, doc, type Me } from './topics.ts'
import { reasonWords, showFreshness } from './view.ts'

/** A text that several people write at once: Yjs makes one of what they write, and its updates are the messages. */
export function showCollab(connection: Connection, root: HTMLElement, me: Me, id = 'notes'): void {
  const copy = new Y.Doc()
  const topic = connection.topic(doc({ id }), { from: 'snapshot' })
  const edits = topicStore(topic, { initial: 0, message: (count) => count + 1 })
  const writers = topicStore(connection.topic(carets({ id }), { from: 'start' }), {
    initial: [] as readonly Caret[],
    message: (all, caret) => [...all.filter(({ session }) => session !== caret.session), caret].slice(-50),
  })
  const here = presenceStore<string>(connection.presence(doc({ id })))
  const paper = createPaper(copy.getText(), 20_000)
  const again = h('button', { type: 'button', class: 'again', hidden: true })
  const people = h('ul', { class: 'writers', 'aria-label': 'Who is here' })
  root.append(people, paper.element, again)
  showFreshness(root, edits)
  topic.events$.subscribe((event) => {
    if (event.type !== 'gap') Y.applyUpdate(copy, event.data as Uint8Array, topic)
    // The hub has begun anew, and knows what it is told.
    else if (event.reason === 'epoch') void send()
  })
  copy.on('update', (update, origin) => origin !== topic && void send(update))
  again.onclick = () => send()

  /** An update that comes twice is there once: whatever became of one, the whole text may follow it. */
  async function send(update?: Uint8Array): Promise<void> {
    try {
      await edits.publish(update ?? Y.encodeStateAsUpdate(copy))
      if (!update) again.hidden = true
      // There may be room now for what was refused.
      else if (!again.hidden) void send()
    } catch (error) {
      setText(again, `Not everybody has what you wrote (${reasonWords(error)}). Send again`)
      again.hidden = false
      if (error instanceof HoldfastError && error.outcome === 'unknown') void send()
    }
  }

  // What waits would be old when it is sent.
  paper.place$.subscribe((at) => {
    const isOnline = connection.getState().phase === 'online'
    if (isOnline) void writers.publish({ session: connection.session, name: me.name, at })
  })
  writers.subscribe(draw)
  here.subscribe(draw)

  function draw(): void {
    const present = here.get().context.data.here
    const others = new Set(present.map(({ id }) => id).filter((id) => id !== connection.session))
    people.replaceChildren(...drawPeople(present.map(({ info }) => info)))
    paper.show(writers.get().context.data.filter(({ session }) => others.has(session)))
  }
}
