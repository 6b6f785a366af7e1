import { createServer } from 'node:http'
import express, { type Express } from 'express'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy/index.ts'
import { listen } from '../support/listen.ts'
import { shut } from '../support/world.ts'

/** The plain server that hand-written clients are made for, behind a network that can be broken. */
export interface OldWorld {
  readonly sockets: WebSocketServer
  readonly proxy: FaultProxy
  close(): Promise<void>
}

/** @param prepare the server's routes and what it does with sockets */
export async function createOldWorld(
  prepare: (app: Express, sockets: WebSocketServer) => void = (_, sockets) => relay(sockets),
): Promise<OldWorld> {
  const app = express()
  const server = createServer(app)
  const sockets = new WebSocketServer({ server })
  prepare(app, sockets)
  const port = await listen(server)
  const proxy = await createFaultProxy({ target: { host: '127.0.0.1', port } })
  return {
    sockets,
    proxy,
    async close() {
      await proxy.close()
      for (const socket of sockets.clients) socket.terminate()
      await shut(server)
    },
  }
}

/** Whoever says something is heard by all, who said it included: but for what clients only tell the server. */
export function relay(sockets: WebSocketServer, isMessage: (text: string) => boolean = () => true): void {
  const pass = (data: RawData, isBinary: boolean) => {
    if (!isBinary && !isMessage(data.toString())) return
    for (const socket of sockets.clients) socket.send(data, { binary: isBinary })
  }
  sockets.on('connection', (socket) => socket.on('message', pass).on('error', () => {}))
}

/** The global `WebSocket` of old clients. What they leave behind, a socket that is opened again and again, ends with `end`. */
export function createBrowserSockets() {
  const opened: WebSocket[] = []
  let isOver = false
  class BrowserSocket extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols)
      // A browser reports it and goes on; ws would throw.
      this.on('error', () => {})
    }
  }
  function open(url: string, protocols?: string | string[]) {
    if (isOver) return { readyState: WebSocket.CLOSED, send() {}, close() {} }
    const socket = new BrowserSocket(url, protocols)
    opened.push(socket)
    return socket
  }
  return {
    class: Object.assign(open, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }),
    /** All sockets that were opened to this port, oldest first. */
    to: ({ port }: FaultProxy): readonly WebSocket[] => opened.filter(({ url }) => new URL(url).port === String(port)),
    end() {
      isOver = true
      for (const socket of opened) socket.terminate()
    },
  }
}
