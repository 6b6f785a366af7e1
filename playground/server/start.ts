import { createServer } from 'node:http'
import { createHub } from '@holdfast/server'
import express from 'express'
import { labRoutes } from './lab-routes.ts'
import { createLabs } from './labs.ts'
import { listenOnFreePort } from './listen.ts'
import { publishMetrics } from './metrics.ts'
import { createPage } from './page.ts'
import { publishTicks } from './ticks.ts'
import { declareTopics, mayUse } from './topics.ts'

export interface Playground {
  readonly url: string
  close(): Promise<void>
}

const path = '/realtime'

/** The whole playground on one port: the hub, the labs that break its network, and the page. */
export async function startPlayground({ port }: { port: number }): Promise<Playground> {
  const app = express()
  const server = createServer(app)
  const address = await listenOnFreePort(server, port)
  const origins = [`http://127.0.0.1:${address.port}`, `http://localhost:${address.port}`]

  // The page reaches the hub through its lab, another port and therefore another origin than its own.
  const hub = createHub({ authorize: mayUse, origins })
  declareTopics(hub)
  const labs = createLabs({ target: address, path })
  const page = await createPage(server)

  app.use('/lab', labRoutes(labs, origins))
  app.use(path, hub.router())
  app.use(page.handler)
  hub.attach(server, path)
  const sources = [publishMetrics(hub), publishTicks(hub)]

  return {
    url: `http://${address.host}:${address.port}`,
    async close() {
      for (const stop of sources) stop()
      server.close()
      await hub.close()
      await Promise.all([labs.close(), page.close()])
      server.closeAllConnections()
    },
  }
}
