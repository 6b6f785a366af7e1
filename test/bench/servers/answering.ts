import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import express from 'express'
import { WebSocketServer } from 'ws'
import type { Mount } from './holdfast.ts'

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
  /** What a POST brought comes back on a stream, and the POST has an answer of its own: the two writes that SSE takes. */
  'POST + stream': () => createServer(answerOnStream()),
  'Express, POST + stream': () => createServer(express().use(answerOnStream())),
  'Socket.IO': async () => (await import('./socketio.ts')).createSocketIo().server,
  Holdfast: async () => holdfast((await import('./holdfast.ts')).beforeExpress),
  'Express, Holdfast': async () => holdfast((await import('./holdfast.ts')).behindExpress),
} satisfies Record<string, () => Server | Promise<Server>>

export type AnsweringName = keyof typeof answering

async function holdfast(mount: Mount): Promise<Server> {
  const { createHoldfast } = await import('./holdfast.ts')
  const { hub, server } = createHoldfast({}, mount)
  hub.handle('echo', ({ data }) => data)
  // The answer to a publish comes in the inbox.
  const failed = (error: unknown) => console.error(error)
  hub.topic('echo').events$.subscribe((event) => {
    if (event.type === 'message') event.session?.send(event.data).catch(failed)
  })
  return server
}

function answerOnStream(): RequestListener {
  let stream: ServerResponse | null = null
  return (request, response) => {
    if (request.method === 'GET') {
      stream = response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      stream.flushHeaders()
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      stream?.write(`data: ${Buffer.concat(chunks)}\n\n`)
      response.end('ok')
    })
  }
}

function websocketServer(answer: (text: string) => string): Server {
  const server = createServer()
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data) => socket.send(answer(data.toString())))
    socket.on('error', () => {})
  })
  return server
}
