import type { CallerName } from '../clients/callers.ts'
import type { AnsweringName } from '../servers/answering.ts'
import { type Child, pin, startChild } from './child.ts'

/** A server that answers and one client of it, each in a process of its own. */
export interface Call {
  /**
   * Runs what the client is asked for. `cpu`: of the server, µs a message. `calls` have a core for the server and another for the
   * client, as if they were two machines; a `pipeline`, whose collectors of garbage have threads of their own, has all cores for both.
   */
  run(what: 'calls' | 'pipeline', count: number): Promise<{ cpu: number; result: number }>
  stop(): Promise<void>
}

export async function createCall(
  files: { readonly answering: string; readonly callers: string },
  { server: serverName, client: name }: { server: AnsweringName; client: CallerName },
): Promise<Call> {
  const server: Child = startChild(files.answering, [serverName])
  const client: Child = startChild(files.callers, [name])
  const stop = async () => {
    await client.stop()
    await server.stop()
  }
  try {
    await client.ask('open', { name, port: await server.ask<number>('start') })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async run(what, count) {
      pin(server, what === 'calls' ? '0' : '0,1')
      pin(client, what === 'calls' ? '1' : '0,1')
      await server.ask('begin')
      const result = await client.ask<number>(what, count)
      return { cpu: (1_000 * (await server.ask<number>('end'))) / count, result }
    },
    stop,
  }
}
