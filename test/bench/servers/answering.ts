import { createServer, type Server } from 'node:http'
import { WebSocketServer } from 'ws'

/** Servers that answer each message by itself, by name. */
export const answering = {
  /** Bare `ws` that sends back what came. */
  'ws echo': () => websocketServer((text) => text),
  /** Bare `ws` that reads what came, and acknowledges it with its number. */
  'ws ack': () => websocketServer((text) => `{"ack":${JSON.parse(text).n}}`),
  'POST echo': () =>
    createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => response.end(Buffer.concat(chunks)))
    }),
  'Socket.IO': async () => (await import('./socketio.ts')).createSocketIo().server,
  Holdfast: async () => {
    const { createHoldfast } = await import('./holdfast.ts')
    const { hub, server } = createHoldfast()
    hub.handle('echo', ({ data }) => data)
    // The answer to a publish comes in the inbox.
    const failed = (error: unknown) => console.error(error)
    hub.topic('echo').events$.subscribe((event) => {
      if (event.type === 'message') event.session?.send(event.data).catch(failed)
    })
    return server
  },
} satisfies Record<string, () => Server | Promise<Server>>

export type AnsweringName = keyof typeof answering

function websocketServer(answer: (text: string) => string): Server {
  const server = createServer()
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data) => socket.send(answer(data.toString())))
    socket.on('error', () => {})
  })
  return server
}
