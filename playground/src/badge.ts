import type { Connection } from '@holdfast/client'
import { byId, setText } from './dom.ts'
import { transportName } from './words.ts'

/** What carries the stream at this moment, in the header; and a way to look in without any library. */
export function showBadge(connection: Connection): void {
  const badge = byId('badge')
  connection.state$.subscribe(({ phase, transport }) => {
    const carrier = phase === 'online' && transport ? transport : phase
    if (badge.dataset.carrier === carrier) return
    badge.dataset.carrier = carrier
    setText(badge, phase === 'online' ? transportName(transport) : `${phase[0]?.toUpperCase()}${phase.slice(1)}`)
  })
}

export function showCurl(): void {
  const command = `curl -N ${location.origin}/realtime/topics/ticks`
  setText(byId('curl'), command)
  const button = byId<HTMLButtonElement>('copy')
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(command)
      setText(button, 'Copied')
    } catch {
      getSelection()?.selectAllChildren(byId('curl'))
      setText(button, 'Selected')
    }
    setTimeout(() => setText(button, 'Copy'), 2000)
  })
}
