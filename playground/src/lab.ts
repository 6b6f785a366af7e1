import type { Faults } from '../../test/support/fault-proxy/faults.ts'

export type { Faults } from '../../test/support/fault-proxy/faults.ts'
export type Cut = 'reset' | 'half-open' | 'websocket'

interface View {
  readonly id: string
  readonly url: string
  readonly faults: Faults
}

/** This page's own piece of network. What is asked of it goes to the playground directly, never through it. */
export interface Lab {
  readonly url: string
  readonly faults: Faults
  set(change: Partial<Faults>): Promise<void>
  cut(how: Cut): Promise<void>
  heal(): Promise<void>
}

const stayMs = 15_000

export async function openLab(): Promise<Lab> {
  let view = await call<View>('POST', '', {})
  // The server closes what nobody has asked for in a while.
  setInterval(stay, stayMs)

  async function stay(): Promise<void> {
    try {
      view = await call<View>('GET', `/${view.id}`)
    } catch (error) {
      if (error instanceof LabError && error.status === 404) await moveIn()
    }
  }

  /** The server was restarted: the same port again, and the connection finds its way by itself. */
  async function moveIn(): Promise<void> {
    const before = view.url
    view = await call<View>('POST', '', { port: Number(new URL(before).port) })
    if (view.url !== before) location.reload()
  }

  return {
    get url() {
      return view.url
    },
    get faults() {
      return view.faults
    },
    async set(change) {
      view = await call<View>('PATCH', `/${view.id}`, change)
    },
    async cut(how) {
      await call('POST', `/${view.id}/cut`, { how })
    },
    async heal() {
      view = await call<View>('POST', `/${view.id}/heal`)
    },
  }
}

class LabError extends Error {
  readonly status: number
  constructor(status: number) {
    super(`the playground answered ${status}`)
    this.status = status
  }
}

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`/lab${path}`, {
    method,
    ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new LabError(response.status)
  return response.json() as Promise<T>
}
