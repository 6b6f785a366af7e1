import { randomBytes } from 'node:crypto'
import { createFaultProxy, type FaultProxy, type Faults } from '../../test/support/fault-proxy/index.ts'

/** A page's own piece of network: a proxy on a port of its own that it may break as it likes. */
export interface Lab {
  readonly id: string
  readonly url: string
  readonly faults: Readonly<Faults>
  set(change: Partial<Faults>): void
  cut(how: Cut): number
  heal(): void
}

/** `reset`: both ends hear of it. `half-open`: nobody does. `websocket`: both ends of the WebSockets alone. */
export type Cut = 'reset' | 'half-open' | 'websocket'

export interface Labs {
  /** A new lab, on that port if it is given and free; null when there are too many. */
  create(port?: number): Promise<Lab | null>
  /** Looking at a lab keeps it alive. */
  find(id: string): Lab | undefined
  close(): Promise<void>
}

export const labDefaults = { limit: 50, silentMs: 180_000, sweepMs: 15_000 }

interface Entry {
  readonly lab: Lab
  readonly proxy: FaultProxy
  seenAt: number
}

export function createLabs({ target, path }: { target: { host: string; port: number }; path: string }): Labs {
  const { limit, silentMs, sweepMs } = labDefaults
  const entries = new Map<string, Entry>()
  let creating = 0
  const timer = setInterval(sweep, sweepMs)

  async function create(port?: number): Promise<Lab | null> {
    if (entries.size + creating >= limit) return null
    creating += 1
    try {
      const proxy = await openProxy(port)
      const lab = createLab(proxy, path)
      entries.set(lab.id, { lab, proxy, seenAt: performance.now() })
      return lab
    } finally {
      creating -= 1
    }
  }

  /** A page that comes back to a restarted server wants its old port, so that its connection finds the way. */
  async function openProxy(port?: number): Promise<FaultProxy> {
    if (port === undefined) return createFaultProxy({ target })
    return createFaultProxy({ target, port }).catch(() => createFaultProxy({ target }))
  }

  function sweep(): void {
    for (const [id, { proxy, seenAt }] of entries) {
      if (performance.now() - seenAt < silentMs) continue
      entries.delete(id)
      void proxy.close()
    }
  }

  return {
    create,
    find(id) {
      const entry = entries.get(id)
      if (entry) entry.seenAt = performance.now()
      return entry?.lab
    },
    async close() {
      clearInterval(timer)
      const proxies = [...entries.values()].map(({ proxy }) => proxy)
      entries.clear()
      await Promise.all(proxies.map((proxy) => proxy.close()))
    },
  }
}

function createLab(proxy: FaultProxy, path: string): Lab {
  return {
    id: randomBytes(12).toString('base64url'),
    url: `${proxy.url}${path}`,
    get faults() {
      return proxy.faults
    },
    set: proxy.set,
    heal: proxy.heal,
    cut(how) {
      if (how === 'half-open') return proxy.stall()
      return proxy.cut(how === 'websocket' ? { transport: 'websocket' } : {})
    },
  }
}
