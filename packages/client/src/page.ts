import type { PageLike } from './options.ts'
import type { MachineEvent } from './vocabulary.ts'

/**
 * Tells the machine what the browser knows of the network and the page, until `signal` is aborted.
 * @param leave the page goes, and does not come back
 */
export function watchPage(
  page: PageLike | null,
  signal: AbortSignal,
  send: (event: MachineEvent) => void,
  leave: () => void,
): void {
  if (!page) return
  const { document } = page
  const on = (target: PageLike | undefined, type: string, tell: (event: object) => void) =>
    target?.addEventListener(type, tell, { signal })
  const wake = () => {
    if (document?.visibilityState !== 'hidden') send({ type: 'page.wake' })
  }

  on(page, 'online', () => send({ type: 'network.hint' }))
  on(page, 'offline', () => send({ type: 'network.offline' }))
  // A page in the back/forward cache has a dead WebSocket when it comes back, without any close event.
  on(page, 'pagehide', (event) => {
    if ((event as { persisted?: boolean }).persisted === false) leave()
    send({ type: 'page.hide' })
  })
  on(page, 'pageshow', () => send({ type: 'page.show' }))
  on(document, 'resume', wake)
  on(document, 'visibilitychange', wake)
}
