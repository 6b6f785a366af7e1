import type { Settings } from './options.ts'
import { learned, noRoutes, type Routes } from './routes.ts'

interface Remembered {
  readonly transport: string
  readonly provedMs: number
  readonly until: number
}

/** What worked on this network, kept over reloads in `storage`, until it expires. */
export function createMemory({ url, storage, clock, timing }: Settings) {
  const key = `holdfast:${url}`
  let last = ''

  return {
    recall(): Routes {
      try {
        const { transport, provedMs, until } = JSON.parse(storage?.getItem(key) ?? '') as Remembered
        return until > clock.now() ? learned(noRoutes, transport, { provedMs: +provedMs }, transport) : noRoutes
      } catch {
        // Nothing there, or not ours.
        return noRoutes
      }
    },
    keep(transport: string, provedMs: number): void {
      if (!storage || transport === last) return
      last = transport
      const remembered: Remembered = { transport, provedMs, until: clock.now() + timing.rememberMs }
      try {
        storage.setItem(key, JSON.stringify(remembered))
      } catch {
        // Full or forbidden storage: the next page starts without a memory, and nothing else is lost.
      }
    },
  }
}
