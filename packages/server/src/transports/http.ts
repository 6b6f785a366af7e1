import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, Response, Router } from 'express'
import express from 'express'
import { fault } from '../faults.ts'
import type { Settings } from '../settings.ts'
import type { Chunk } from '../topics/wire.ts'
import type { Exchange, StreamEvents, StreamLike } from './exchange.ts'
import { headersOf } from './headers.ts'
import { originAllowed } from './origin.ts'

/** The Express end of a hub. `serve` answers false for what is none of the hub's. */
export function createRouter(settings: Settings, serve: (exchange: Exchange) => Promise<boolean>): Router {
  const router = express.Router()
  router.use((request, response, next) => {
    const exchange = adapt(settings, request, response)
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method']) return preflight(exchange)
    serve(exchange).then((served) => {
      if (!served) next()
    }, next)
  })
  return router
}

function adapt(settings: Settings, request: Request, response: Response): Exchange {
  const headers = headersOf(request)
  const send = (status: number, more: Readonly<Record<string, string>>) =>
    response.writeHead(status, { ...more, ...crossOrigin(settings, headers) })

  return {
    method: request.method,
    path: request.path,
    headers,
    address: request.socket.remoteAddress,
    query(name) {
      const value = new URLSearchParams(request.url.split('?')[1] ?? '').get(name)
      return value ?? undefined
    },
    body: (limit) => readBody(request, limit),
    answer(status, more, body) {
      if (response.headersSent || response.destroyed) return
      // A client that is to go elsewhere would come back here on a connection that is kept.
      send(status, status === 413 || status === 503 ? { ...more, Connection: 'close' } : more)
      response.end(body)
    },
    stream(status, more, events) {
      // Not the request: it counts as destroyed once its body has been read.
      if (response.destroyed) return null
      const { socket } = response
      socket?.setNoDelay(true)
      // The head and what is written in this turn leave in one segment.
      socket?.cork()
      process.nextTick(() => socket?.uncork())
      // Ended by the connection's end: HAProxy holds a chunk back for 200 ms, in case another one follows.
      response.useChunkedEncodingByDefault = false
      send(status, { ...more, Connection: 'close' })
      response.flushHeaders()
      return adaptStream(response, events)
    },
    onGone: (listener) => {
      response.once('close', listener)
    },
    destroy: () => response.destroy(),
  }
}

function adaptStream(response: ServerResponse, events: StreamEvents): StreamLike {
  response.on('drain', events.drained)
  response.once('close', events.gone)
  response.on('error', () => {})
  return {
    write(chunk: Chunk) {
      if (!response.writableEnded && !response.destroyed) response.write(chunk.bytes)
    },
    get buffered() {
      return response.writableLength
    },
    end: () => response.end(),
    destroy: () => response.destroy(),
  }
}

/** The body, whoever has read it: another middleware may have, as text, bytes or JSON. */
async function readBody(request: Request, limit: number): Promise<string> {
  if (!request.readableEnded) return readStream(request, limit)
  const read: unknown = request.body
  if (read === undefined) return ''
  const text =
    typeof read === 'string' ? read : read instanceof Uint8Array ? decoder.decode(read) : JSON.stringify(read)
  if (Buffer.byteLength(text) > limit) throw tooLarge(limit)
  return text
}

function readStream(request: IncomingMessage, limit: number): Promise<string> {
  if (Number(request.headers['content-length']) > limit) return Promise.reject(tooLarge(limit))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        chunks.length = 0
        reject(tooLarge(limit))
      } else chunks.push(chunk)
    })
    request.once('end', () => resolve(Buffer.concat(chunks).toString()))
    // A client that goes away in the middle is no failure of ours.
    const cut = () => reject(fault('malformed', 'the body was cut'))
    request.once('error', cut)
    request.once('close', cut)
  })
}

const decoder = new TextDecoder()

const tooLarge = (limit: number): Error => fault('too-large', `the batch is larger than ${limit} bytes`)

function crossOrigin(settings: Settings, headers: Exchange['headers']): Record<string, string> {
  const { origin } = headers
  if (origin === undefined || !settings.origins || !originAllowed(settings, { headers })) return {}
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true', Vary: 'Origin' }
}

/** For other clients; Holdfast's own never causes one. */
function preflight(exchange: Exchange): void {
  exchange.answer(
    204,
    {
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'authorization, content-type, last-event-id',
      'Access-Control-Max-Age': '600',
    },
    '',
  )
}
