import type { Connection, ConnectOptions } from '@holdfast/client'
import { type Credentials, createHub, type Hub, type HubOptions, memoryBroker } from '@holdfast/server'
import { connectTo, serve, shut } from '../support/world.ts'
import { startIntermediary } from './intermediary.ts'
import type { Recipe } from './recipes.ts'

/** Two nodes on one broker, the recipe's program before them, and real clients in front; all of it closed together. */
export interface World {
  readonly hubs: readonly [Hub, Hub]
  readonly url: string
  /** What each link showed at its hello. */
  readonly hellos: Credentials[]
  /** For each node the paths that it was asked for. */
  readonly asked: readonly [string[], string[]]
  connect(options?: ConnectOptions): Connection
  /** The first node goes, as at a new release. */
  stopFirst(): Promise<void>
  close(): Promise<void>
}

export async function createWorld(recipe: Recipe, options: HubOptions = {}): Promise<World> {
  const broker = memoryBroker()
  const hellos: Credentials[] = []
  const authenticate = (credentials: Credentials) => {
    hellos.push(credentials)
    return null
  }
  const createNode = async () => {
    const asked: string[] = []
    const hub = createHub({ authorize: () => true, authenticate, broker, ...options })
    const { server, port } = await serve(hub)
    // Before Express, which takes the mount off.
    server.prependListener('request', ({ url = '' }) => asked.push(url))
    server.on('upgrade', ({ url = '' }) => asked.push(url))
    return { hub, asked, server, port }
  }
  const [a, b] = await Promise.all([createNode(), createNode()])
  const { url, close } = await startIntermediary(recipe, [a.port, b.port])
  const connections: Connection[] = []

  return {
    hubs: [a.hub, b.hub],
    url: `${url}/realtime`,
    hellos,
    asked: [a.asked, b.asked],
    connect(more) {
      const connection = connectTo(`${url}/realtime`, more)
      connections.push(connection)
      return connection
    },
    async stopFirst() {
      await a.hub.close()
      await shut(a.server)
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()))
      await Promise.all([a, b].map(({ hub }) => hub.close({ drainMs: 0 })))
      await close()
      await Promise.all([a, b].map(({ server }) => shut(server)))
      await broker.close()
    },
  }
}
