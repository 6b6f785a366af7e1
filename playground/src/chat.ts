import { type Connection, HoldfastError } from '@holdfast/client'
import { auditTime, Subject } from 'rxjs'
import type { ChatMessage } from '../server/topics.ts'
import { drawGap, drawLine, drawPending } from './chat-lines.ts'
import { createChatLog, type Pending } from './chat-log.ts'
import { byId } from './dom.ts'
import { rememberedName } from './name.ts'

/** A room to talk in. What is sent offline waits, and is sent afterwards. */
export function showChat(connection: Connection): void {
  const topic = connection.topic<ChatMessage>('chat', { from: { last: 50 } })
  const log = createChatLog()
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
    if (log.pending.length > 0) changed$.next()
  })
  byId('chat-form').addEventListener('submit', (event) => {
    event.preventDefault()
    if (text.value.trim() === '') return
    void send({ name: name(), text: text.value.trim() })
    text.value = ''
  })
  changed$.pipe(auditTime(16)).subscribe(render)
  render()

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
    messages.replaceChildren(
      ...lines,
      ...log.pending.map((pending) => drawPending(pending, online, () => again(pending))),
    )
    messages.classList.toggle('empty', messages.childElementCount === 0)
    if (atEnd) messages.scrollTop = messages.scrollHeight
  }
}
