import type { ConnectOptions } from '@holdfast/client'

/** A page as a browser has it, for clients that are none. */
export function createPage({ onLine = true } = {}) {
  const target = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const navigator = { onLine }
  return Object.assign(target, {
    navigator,
    document,
    tell: (type: string) => target.dispatchEvent(new Event(type)),
    goOffline() {
      navigator.onLine = false
      target.dispatchEvent(new Event('offline'))
    },
    goOnline() {
      navigator.onLine = true
      target.dispatchEvent(new Event('online'))
    },
    show(visible: boolean) {
      document.visibilityState = visible ? 'visible' : 'hidden'
      document.dispatchEvent(new Event('visibilitychange'))
    },
  }) satisfies ConnectOptions['page']
}
