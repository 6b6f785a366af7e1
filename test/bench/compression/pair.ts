import { startChild } from '../harness/child.ts'
import type { Ports } from '../servers/turns.ts'
import type { Counted, Opening } from './clients-main.ts'
import type { Measured, Window } from './server-main.ts'
import type { ServerName } from './servers.ts'

/** A contestant's server with its subscribers, each side in a process of its own. */
export interface Pair {
  /** Sends for a while; throws where a message did not reach every client exactly once. */
  send(window: Window): Promise<{ cpu: number; bytes: number }>
  /** More clients, until there are so many. */
  open(clients: number): Promise<void>
  /** Each client says something short, so many times; µs of the server for each, 0 where clients say nothing. */
  hear(times: number): Promise<number>
  /** Of the server, in bytes. */
  memory(): Promise<{ rss: number; heap: number }>
  stop(): Promise<void>
}

// An idle server costs nothing while it waits; a thousand short messages take it less.
const hearMs = 250

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
    async hear(times) {
      let heard = 0
      await server.ask('begin')
      for (let i = 0; i < times; i++) {
        heard += await client.ask<number>('beat')
        await new Promise((resolve) => setTimeout(resolve, hearMs))
      }
      const cpuMs = await server.ask<number>('end')
      return heard === 0 ? 0 : (1_000 * cpuMs) / heard
    },
    memory: () => server.ask('memory'),
    stop,
  }
}
