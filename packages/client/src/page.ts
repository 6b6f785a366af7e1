import type { MachineEvent } from './machine.ts'
import type { PageLike } from './options.ts'

/** Tells the machine what the browser knows of the network and the page. Answers a function that stops. */
export function watchPage(page: PageLike | null, send: (event: MachineEvent) => void): () => void {
  if (!page) return () => {}
  const { document } = page
  const isVisible = () => document?.visibilityState !== 'hidden'
  const undo: (() => void)[] = []

  function on(target: PageLike | undefined, type: string, tell: () => MachineEvent | null): void {
    const listener = () => {
      const event = tell()
      if (event) send(event)
    }
    target?.addEventListener(type, listener)
    undo.push(() => target?.removeEventListener(type, listener))
  }

  on(page, 'online', () => ({ type: 'network.hint' }))
  on(page, 'offline', () => ({ type: 'network.offline' }))
  // A page in the back/forward cache has a dead WebSocket when it comes back, without any close event.
  on(page, 'pagehide', () => ({ type: 'page.hide' }))
  on(page, 'pageshow', () => ({ type: 'page.show' }))
  on(document, 'resume', () => ({ type: 'page.wake' }))
  on(document, 'visibilitychange', () => (isVisible() ? { type: 'page.wake' } : null))
  return () => {
    for (const one of undo) one()
  }
}
