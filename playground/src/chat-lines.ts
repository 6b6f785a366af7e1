import type { ChatMessage } from '../server/topics.ts'
import type { Line, Pending } from './chat-log.ts'
import { h } from './dom.ts'

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

export function drawLine({ key, message, time, own }: Extract<Line, { kind: 'entry' }>): HTMLElement {
  return h(
    'li',
    { class: own ? 'line own' : 'line', 'data-key': key },
    said(message),
    h(
      'span',
      { class: 'meta' },
      own ? h('span', { class: 'receipt', title: `accepted by the hub as ${key}` }, 'sent ✓') : '',
      h('time', { datetime: new Date(time).toISOString() }, clock.format(time)),
    ),
  )
}

export function drawGap({ key }: Line): HTMLElement {
  return h('li', { class: 'line gap', 'data-key': key }, 'Messages before this point are no longer kept.')
}

/** What is known of it so far. */
export function pendingWords({ failure, accepted }: Pending, online: boolean): string {
  if (failure) return failureWords(failure)
  if (accepted) return 'sent ✓'
  return online ? 'sending …' : 'waits for the network'
}

export function drawPending({ key, message, failure }: Pending, state: string, again: () => void): HTMLElement {
  const meta = h('span', { class: 'meta' }, h('span', { class: 'receipt' }, state))
  if (failure) {
    const button = h('button', { type: 'button', class: 'quiet' }, 'Send again')
    button.addEventListener('click', again)
    meta.append(button)
  }
  const name = failure ? 'line own failed' : 'line own pending'
  return h('li', { class: name, 'data-key': `${key} ${state}` }, said(message), meta)
}

function said({ name, text }: ChatMessage): HTMLElement {
  return h('span', { class: 'text' }, h('b', {}, name), ' ', text)
}

function failureWords({ outcome, code }: { outcome: string; code: string }): string {
  const words: Record<string, string> = { rejected: 'rejected', 'not-sent': 'not sent', unknown: 'perhaps sent' }
  return `${words[outcome] ?? outcome} (${code})`
}
