import type { PageLike } from './options.ts'
import type { MachineEvent } from './vocabulary.ts'

/** Tells the machine what the browser knows of the network and the page, until `signal` is aborted. */
export function watchPage(page: PageLike | null, signal: AbortSignal, send: (event: MachineEvent) => void): void {
  const on = (target: PageLike | null | undefined, type: string, tell: MachineEvent['type'] & `${string}.${string}`) =>
    target?.addEventListener(
      type,
      () =>
        page?.document?.visibilityState !== 'hidden' || tell !== 'page.wake'
          ? send({ type: tell } as MachineEvent)
          : undefined,
      { signal },
    )

  on(page, 'online', 'network.hint')
  on(page, 'offline', 'network.offline')
  // A page in the back/forward cache has a dead WebSocket when it comes back, without any close event.
  on(page, 'pagehide', 'page.hide')
  on(page, 'pageshow', 'page.show')
  on(page?.document, 'resume', 'page.wake')
  on(page?.document, 'visibilitychange', 'page.wake')
}
