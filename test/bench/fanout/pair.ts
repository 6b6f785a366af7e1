import type { RawName } from '../clients/kinds.ts'
import type { Counted, Opening } from '../clients/main.ts'
import { type Child, startChild } from '../harness/child.ts'
import type { FannedOut, FanOut } from '../servers/main.ts'
import type { Ports } from '../servers/turns.ts'

/** A contestant's server with its subscribers, each side in a process of its own. */
export interface Pair {
  readonly server: Child
  /** Sends for a while; throws where a message did not reach every client exactly once. */
  fanOut(options: Omit<FanOut, 'topics'>): Promise<FanOutFigures>
  stop(): Promise<void>
}

export interface FanOutFigures {
  /** CPU seconds of the server for a million deliveries. */
  readonly cpu: number
  readonly perSecond: number
}

export async function createPair(
  files: { readonly server: string; readonly clients: string },
  { name, clients, topics = 1 }: { name: RawName; clients: number; topics?: number },
): Promise<Pair> {
  const server = startChild(files.server, [name])
  const client = startChild(files.clients, [name])
  const stop = async () => {
    await client.stop()
    await server.stop()
  }
  try {
    const ports = await server.ask<Ports>('start')
    await client.ask('open', { ...ports, name, clients, topics } satisfies Opening)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    server,
    async fanOut(options) {
      await client.ask('expect', options.inFlight)
      const { each, cpuMs, wallMs } = await server.ask<FannedOut>('fanOut', { ...options, topics } satisfies FanOut)
      const { min, max } = await client.ask<Counted>('count')
      if (min !== each || max !== each) throw new Error(`${name}: ${each} were sent, and ${min} to ${max} came`)
      const deliveries = each * clients
      return { cpu: (1_000 * cpuMs) / deliveries, perSecond: (1_000 * deliveries) / wallMs }
    },
    stop,
  }
}
