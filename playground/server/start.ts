import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createHub } from '@holdfast/server'
import express from 'express'
import { serveSystems } from '../src/systems/server.ts'
import type { User } from '../src/systems/topics.ts'
import { labRoutes } from './lab-routes.ts'
import { createLabs } from './labs.ts'
import { listenOnFreePort } from './listen.ts'
import { createPage } from './page.ts'
import { publishTicks } from './ticks.ts'
import { declareTopics, mayUse, visitor } from './topics.ts'

export interface Playground {
  readonly url: string
  close(): Promise<void>
}

const path = '/realtime'
const sources = fileURLToPath(new URL('../src/systems', import.meta.url))

/** The whole playground on one port: the hub, the labs that break its network, and the page. */
export async function startPlayground({ port }: { port: number }): Promise<Playground> {
  const app = express()
  const server = createServer(app)
  const address = await listenOnFreePort(server, port)
  const origins = [`http://127.0.0.1:${address.port}`, `http://localhost:${address.port}`]

  // The page reaches the hub through its lab, another port and therefore another origin than its own.
  const hub = createHub<User>({ authenticate: visitor, authorize: mayUse, origins })
  declareTopics(hub)
  const labs = createLabs({ target: address, path })
  const page = await createPage(server)

  app.use('/lab', labRoutes(labs, origins))
  app.use(path, hub.router())
  app.use('/source', express.static(sources, { setHeaders: (response) => response.type('text/plain') }))
  app.use(page.handler)
  hub.attach(server, path)
  const stops = [publishTicks(hub), serveSystems(hub)]

  return {
    url: `http://${address.host}:${address.port}`,
    async close() {
      for (const stop of stops) stop()
      server.close()
      await hub.close()
      await Promise.all([labs.close(), page.close()])
      server.closeAllConnections()
    },
  }
}
