import type { Settings, Storage } from './options.ts'
import { noRoutes, proved, type Routes } from './routes.ts'

interface Remembered {
  readonly transport: string
  readonly provedMs: number
  readonly until: number
}

/** What worked on this network, kept over reloads in `storage`, until it expires. */
export function createMemory(url: string, { storage, clock, timing }: Pick<Settings, 'storage' | 'clock' | 'timing'>) {
  const key = `holdfast:${url}`
  let last = ''

  return {
    recall(): Routes {
      const { transport, provedMs, until } = read(storage, key)
      if (until <= clock.now()) return noRoutes
      return { ...proved(noRoutes, transport, provedMs), preferred: transport }
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

function read(storage: Storage | null, key: string): Remembered {
  const nothing = { transport: '', provedMs: 0, until: 0 }
  try {
    const { transport, provedMs, until } = JSON.parse(storage?.getItem(key) ?? '{}') as Partial<Remembered>
    return typeof transport === 'string' && Number.isFinite(provedMs) && Number.isFinite(until)
      ? ({ transport, provedMs, until } as Remembered)
      : nothing
  } catch {
    return nothing
  }
}
