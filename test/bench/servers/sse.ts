import { createServer, type ServerResponse } from 'node:http'
import type { Contestant } from './contestant.ts'
import { createMembers } from './contestant.ts'

/** Bare SSE: one buffer for all, by `response.write` as usual (chunked), or past it straight to the socket. */
export function createSse(way: 'write' | 'socket'): Contestant {
  const members = createMembers<ServerResponse>()
  const server = createServer((request, response) => {
    request.resume()
    if (way === 'socket') response.useChunkedEncodingByDefault = false
    const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }
    response.writeHead(200, way === 'socket' ? { ...headers, Connection: 'close' } : headers)
    response.flushHeaders()
    response.on('close', members.join(request.url, response))
  })
  return {
    server,
    broadcast(messages) {
      for (const { topic, data } of messages) {
        const event = Buffer.from(`data: ${JSON.stringify(data)}\n\n`)
        const of = members.of[topic] ?? []
        if (way === 'write') for (const response of of) response.write(event)
        else for (const { socket } of of) socket?.write(event)
      }
    },
  }
}
