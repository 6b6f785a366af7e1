import type { PageLike } from '@holdfast/client/core'

/** The page that a client runs in, and what the browser tells it. */
export interface Page extends PageLike {
  readonly listeners: number
  online: boolean
  visible: boolean
  /** Put away, as into the back/forward cache. */
  hidden: boolean
  tell(type: string): void
}

export function createPage(): Page {
  const listeners = new Set<{ type: string; listener: (event: object) => void }>()
  const state = { online: true, visible: true, hidden: false }
  const addEventListener: PageLike['addEventListener'] = (type, listener, { signal }) => {
    const entry = { type, listener }
    listeners.add(entry)
    signal.addEventListener('abort', () => listeners.delete(entry))
  }
  return Object.assign(state, {
    addEventListener,
    navigator: {
      get onLine() {
        return state.online
      },
    },
    document: {
      addEventListener,
      get visibilityState() {
        return state.visible ? 'visible' : 'hidden'
      },
    },
    get listeners() {
      return listeners.size
    },
    tell(type: string) {
      for (const entry of [...listeners]) if (entry.type === type) entry.listener({})
    },
  })
}
