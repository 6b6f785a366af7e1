import { type Connection, HoldfastError } from '@holdfast/client'
import { topicStore } from '@holdfast/store'
import * as Y from 'yjs'
import { h, setText } from '../dom.ts'
import { createPaper } from './text-paper.ts'
import { type Caret, carets, doc, type Me } from './topics.ts'
import { reasonWords, showFreshness } from './view.ts'

export function showCollab(connection: Connection, root: HTMLElement, me: Me): void {
  showDocument(connection, root, me, 'notes')
}

/** A text that several people write at once: Yjs makes one of what they write, and its updates are the messages. */
export function showDocument(connection: Connection, root: HTMLElement, me: Me, id: string): void {
  const copy = new Y.Doc()
  const topic = connection.topic(doc({ id }), { from: 'snapshot' })
  const edits = topicStore(topic, { initial: 0, message: (count) => count + 1 })
  const writers = topicStore(connection.topic(carets({ id }), { from: 'start' }), {
    initial: [] as readonly Caret[],
    message: (all, caret) => [...all.filter(({ session }) => session !== caret.session), caret].slice(-50),
  })
  const paper = createPaper(copy.getText(), 20_000)
  const again = h('button', { type: 'button', class: 'again', hidden: true })
  root.append(paper.element, again)
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
    const isWhole = !update || !again.hidden
    try {
      await edits.publish(isWhole ? Y.encodeStateAsUpdate(copy) : update)
      if (isWhole) again.hidden = true
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
  writers.subscribe(({ context }) => paper.show(context.data.filter(({ session }) => session !== connection.session)))
}
