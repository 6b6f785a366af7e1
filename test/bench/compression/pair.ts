import { startChild } from '../harness/child.ts'
import type { Counted, Opening } from './clients-main.ts'
import type { Measured, Ports, Window } from './server-main.ts'
import type { ServerName } from './servers.ts'

/** A contestant's server with its subscribers, each side in a process of its own. */
export interface Pair {
  /** Sends for a while; throws where a message did not reach every client exactly once. */
  send(window: Window): Promise<{ cpu: number; bytes: number }>
  /** More clients, until there are so many. */
  open(clients: number): Promise<void>
  /** Of the server, in bytes, after each client has said something. */
  memory(): Promise<{ rss: number; heap: number }>
  stop(): Promise<void>
}

/** `cpu`: µs of the server for a delivery; `bytes`: of a delivery on the wire. */
export async function createPair(
  files: { readonly server: string; readonly clients: string },
  { name, clients }: { name: ServerName; clients: number },
  flags: readonly string[] = [],
): Promise<Pair> {
  const server = startChild(files.server, [name], flags)
  const client = startChild(files.clients, [name])
  const stop = async () => {
    await client.stop()
    await server.stop()
  }
  let opened = 0
  const open = async (count: number) => {
    const ports = await server.ask<Ports>('start')
    await client.ask('open', { ...ports, name, clients: count } satisfies Opening)
    opened = count
  }
  try {
    await open(clients)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async send(window) {
      await client.ask('expect', window.inFlight)
      const { each, cpuMs } = await server.ask<Measured>('send', window)
      const { min, max, bytes } = await client.ask<Counted>('count')
      if (min !== each || max !== each) throw new Error(`${name}: ${each} were sent, and ${min} to ${max} came`)
      const deliveries = each * opened
      return { cpu: (1_000 * cpuMs) / deliveries, bytes: bytes / deliveries }
    },
    open,
    async memory() {
      // What a client says for the first time is what a session's inflater is made for.
      await client.ask('beat')
      return server.ask('memory')
    },
    stop,
  }
}
