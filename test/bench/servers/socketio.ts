import { createServer, type Server as HttpServer } from 'node:http'
import * as socketIo from 'socket.io'
import type { Contestant } from './contestant.ts'

export interface IoSocket {
  on(event: string, listener: (data: unknown, acknowledge: (data?: unknown) => void) => void): void
  emit(event: string, data: unknown): void
}

export interface Io {
  on(event: 'connection', listener: (socket: IoSocket) => void): void
  emit(event: string, data: unknown): void
}

// What it inherits is lost in its own types where modules are resolved as Node does.
const Server = socketIo.Server as unknown as new (server: HttpServer, options: object) => Io

export function createIo(options: object): { io: Io; server: HttpServer } {
  const server = createServer()
  return { io: new Server(server, { serveClient: false, ...options }), server }
}

/** Socket.IO on WebSocket alone. Acknowledges what comes as `echo` with what came, as `publish` with nothing. */
export function createSocketIo(): Contestant {
  const { io, server } = createIo({ transports: ['websocket'] })
  io.on('connection', (socket) => {
    socket.on('echo', (data, acknowledge) => acknowledge(data))
    socket.on('publish', (_, acknowledge) => acknowledge())
  })
  return {
    server,
    broadcast(messages) {
      for (const { data } of messages) io.emit('m', data)
    },
  }
}
