import { type Connection, HoldfastError } from '@holdfast/client'
import { auditTime, Subject } from 'rxjs'
import type { ChatMessage } from '../server/topics.ts'
import { drawGap, drawLine, drawPending, pendingWords } from './chat-lines.ts'
import { createChatLog, type Pending } from './chat-log.ts'
import { byId } from './dom.ts'
import { rememberedName } from './name.ts'

/** A room to talk in. What is sent offline waits, and is sent afterwards. */
export function showChat(connection: Connection): void {
  const topic = connection.topic<ChatMessage>('chat', { from: { last: 50 } })
  const sessions = new Set<string>()
  const log = createChatLog(({ id = '' }) => sessions.has(id.slice(0, id.lastIndexOf('.'))))
  const changed$ = new Subject<void>()
  const messages = byId('messages')
  const text = byId<HTMLInputElement>('chat-text')
  const name = rememberedName(byId<HTMLInputElement>('chat-name'))

  topic.events$.subscribe((event) => {
    if (event.type === 'message') log.entry(event)
    if (event.type === 'gap') log.gap(event.to)
    changed$.next()
  })
  connection.state$.subscribe(() => {
    // A session that the hub has lost is replaced by a new one, under another id.
    sessions.add(connection.session)
    if (log.pending.length > 0) changed$.next()
  })
  byId('chat-form').addEventListener('submit', (event) => {
    event.preventDefault()
    if (text.value.trim() === '') return
    void send({ name: name(), text: text.value.trim() })
    text.value = ''
  })
  changed$.pipe(auditTime(16)).subscribe(render)

  async function send(message: ChatMessage): Promise<void> {
    const pending = log.sent(message)
    changed$.next()
    try {
      log.accepted(pending, await topic.publish(message))
    } catch (error) {
      const { outcome = 'unknown', code } = error instanceof HoldfastError ? error : { code: String(error) }
      log.failed(pending, { outcome, code })
    }
    changed$.next()
  }

  function again(pending: Pending): void {
    log.discard(pending)
    void send(pending.message)
  }

  function render(): void {
    const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40
    const online = connection.getState().phase === 'online'
    const kept = new Map([...messages.children].map((child) => [(child as HTMLElement).dataset.key, child]))
    const lines = log.lines.map((line) => kept.get(line.key) ?? (line.kind === 'gap' ? drawGap(line) : drawLine(line)))
    const waiting = log.pending.map((pending) => {
      const state = pendingWords(pending, online)
      return kept.get(`${pending.key} ${state}`) ?? drawPending(pending, state, () => again(pending))
    })
    arrange(messages, [...lines, ...waiting])
    messages.classList.toggle('empty', messages.childElementCount === 0)
    if (atEnd) messages.scrollTop = messages.scrollHeight
  }
}

/** Moves nothing that is in its place, since a live region would read it out again. */
function arrange(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children)
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove()
  for (const [index, child] of children.entries()) {
    const present = parent.children[index]
    if (present !== child) parent.insertBefore(child, present ?? null)
  }
}
