import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@holdfast/server'
import express from 'express'
import { WebSocketServer } from 'ws'
import { createFaultProxy, type FaultProxy, type Faults } from '../../support/fault-proxy/index.ts'

export interface World {
  /** A network of its own, on a port of its own: so each try begins on fresh TCP connections, whatever fetch keeps alive. */
  network(faults: Partial<Faults>): Promise<FaultProxy>
  /** Publishes rising numbers to `ticks`; answers what stops it. */
  tick(everyMs: number): () => void
  close(): Promise<void>
}

/** One server that has everything: the hub, with an entry in `news`, and the yardsticks, which answer at once. */
export async function createWorld(): Promise<World> {
  const hub = createHub({ authorize: () => true })
  const app = express()
  app.use('/realtime', hub.router())
  app.post('/bare/sse', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.write('data: {"n":1}\n\n')
  })
  const server = createServer(app)
  hub.attach(server, '/realtime')

  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== '/bare/ws') return
    sockets.handleUpgrade(request, socket, head, (webSocket) => webSocket.send('{"n":1}'))
  })

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await hub.topic('news').publish({ n: 1 })

  return {
    network: (faults) => createFaultProxy({ target: { host: '127.0.0.1', port }, faults }),
    tick(everyMs) {
      let n = 0
      const timer = setInterval(() => void hub.topic('ticks').publish({ n: ++n }), everyMs)
      return () => clearInterval(timer)
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      await hub.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
