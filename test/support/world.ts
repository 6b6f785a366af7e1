import { createServer, type Server } from 'node:http'
import {
  type Connection,
  type ConnectionState,
  type ConnectOptions,
  connect,
  type HoldfastError,
} from '@holdfast/client'
import { createHub, type Hub, type HubOptions } from '@holdfast/server'
import express from 'express'
import { filter, firstValueFrom } from 'rxjs'
import WebSocket from 'ws'
import { createFaultProxy, type FaultProxy } from './fault-proxy/index.ts'
import { listen } from './listen.ts'

export { seeded } from './seeded.ts'

/** A real server, a real network that can be broken, and real clients; all of it closed together. */
export interface World {
  readonly hub: Hub
  /** What surfaced in the hubs' `errors$`. */
  readonly errors: HoldfastError[]
  readonly server: Server
  readonly proxy: FaultProxy
  /** Where clients connect: through the proxy. */
  readonly url: string
  /** The same hub without the proxy. */
  readonly directUrl: string
  connect(options?: ConnectOptions): Connection
  /** New connections of the proxy go to a new hub from now on; it is the world's hub, and the old one goes on. */
  replaceHub(options: HubOptions): Promise<Hub>
  close(): Promise<void>
}

export const open = { authorize: () => true } satisfies HubOptions

export async function createWorld(options: HubOptions = open): Promise<World> {
  const errors: HoldfastError[] = []
  const nodes = [await createNode(options, errors)]
  const newest = () => nodes.at(-1) as (typeof nodes)[number]
  const proxy = await createFaultProxy({ target: () => ({ host: '127.0.0.1', port: newest().port }) })
  const connections: Connection[] = []
  const url = `${proxy.url}/realtime`

  return {
    get hub() {
      return newest().hub
    },
    get server() {
      return newest().server
    },
    errors,
    proxy,
    url,
    get directUrl() {
      return `http://127.0.0.1:${newest().port}/realtime`
    },
    connect(more) {
      const connection = connectTo(url, more)
      connections.push(connection)
      return connection
    },
    async replaceHub(more) {
      nodes.push(await createNode(more, errors))
      return newest().hub
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()))
      await Promise.all(nodes.map(({ hub }) => hub.close({ drainMs: 0 })))
      await proxy.close()
      await Promise.all(nodes.map(({ server }) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

async function createNode(options: HubOptions, errors: HoldfastError[]) {
  const hub = createHub(options)
  hub.errors$.subscribe((error) => errors.push(error))
  return { hub, ...(await serve(hub)) }
}

/** An Express app with the hub at /realtime, listening on a free port. @param prepare what comes before the hub */
export async function serve(
  hub: Hub,
  prepare: (app: express.Express) => void = () => {},
): Promise<{ server: Server; port: number }> {
  const app = express()
  prepare(app)
  app.use('/realtime', hub.router())
  const server = createServer(app)
  hub.attach(server, '/realtime')
  return { server, port: await listen(server) }
}

/** Ends a server, and what is still open on it. */
export const shut = (server: Server): Promise<unknown> =>
  new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })

/** `connect` with `ws` as its WebSocket, since Node 20 has none. */
export const connectTo = (url: string, options: ConnectOptions = {}): Connection =>
  connect(url, { WebSocket, ...options })

/** The first state that matches. */
export const state = (connection: Connection, match: (state: ConnectionState) => boolean): Promise<ConnectionState> =>
  firstValueFrom(connection.state$.pipe(filter(match)))

export const online = (connection: Connection, transport?: string): Promise<ConnectionState> =>
  state(connection, (now) => now.phase === 'online' && (transport === undefined || now.transport === transport))
