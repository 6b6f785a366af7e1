import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Router } from 'express'
import express from 'express'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import type { Chunk } from '../topics/wire.ts'
import type { Exchange, StreamEvents, StreamLike } from './exchange.ts'
import type { Exchanges } from './exchanges.ts'
import { headersOf } from './headers.ts'
import { mountOf, pathOf } from './mount.ts'
import { originAllowed } from './origin.ts'
import { takeSocket } from './take-socket.ts'

/** The hub as a part of an Express application. */
export function createRouter(context: Context, exchanges: Exchanges): Router {
  const router = express.Router()
  router.use((request, response, next) => {
    if (!take(context, exchanges, request, response, request.path)) next()
  })
  return router
}

/** The hub below `path` of a server of Node's own, or before whatever `next` is. */
export function createHandler(
  context: Context,
  exchanges: Exchanges,
  path: string,
  next: RequestListener,
): RequestListener {
  const mount = mountOf(path)
  return (request, response) => {
    const asked = pathOf(request)
    const isBelow = asked.startsWith(`${mount}/`)
    if (!isBelow || !take(context, exchanges, request, response, asked.slice(mount.length))) next(request, response)
  }
}

/** What answers where there is nothing else. */
export const notFound: RequestListener = (_, response) => response.writeHead(404).end()

/** False for what is none of the hub's. */
function take(
  context: Context,
  exchanges: Exchanges,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): boolean {
  const { method = '' } = request
  const preflighted = method === 'OPTIONS' ? request.headers['access-control-request-method'] : undefined
  const serve = exchanges.find(preflighted ?? method, path)
  if (!serve) return false
  const exchange = new HttpExchange(context, request, response, path)
  if (preflighted !== undefined) exchange.allow()
  else void serve(exchange)
  return true
}

class HttpExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly #context: Context
  readonly #request: IncomingMessage
  readonly #response: ServerResponse

  constructor(context: Context, request: IncomingMessage, response: ServerResponse, path: string) {
    this.method = request.method ?? ''
    this.path = path
    this.headers = headersOf(request)
    this.#context = context
    this.#request = request
    this.#response = response
  }

  get address(): string | undefined {
    return this.#request.socket.remoteAddress
  }

  query(name: string): string | undefined {
    const value = new URLSearchParams(this.#request.url?.split('?')[1]).get(name)
    return value ?? undefined
  }

  body(limit: number): Promise<string> {
    return readBody(this.#request, limit)
  }

  answer(status: number, type: string, body: string): void {
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    // Head and body leave in one piece where the length is known; else the body would be chunked. A literal, since Node goes
    // through its names far sooner than through those of an object that was put together.
    const headers = {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      'Content-Length': `${Buffer.byteLength(body)}`,
    }
    // A client that is to go elsewhere would come back here on a connection that is kept.
    const isElsewhere = status === 413 || status === 503
    this.head(status, isElsewhere ? { ...headers, Connection: 'close' } : headers)
    response.end(body)
  }

  /** Answers a preflight. For other clients; Holdfast's own never causes one. */
  allow(): void {
    this.head(204, {
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'authorization, content-type, last-event-id',
      'Access-Control-Max-Age': '600',
    })
    this.#response.end()
  }

  stream(status: number, headers: Readonly<Record<string, string>>, events: StreamEvents): StreamLike | null {
    const response = this.#response
    // Not the request: it counts as destroyed once its body has been read.
    if (response.destroyed) return null
    const { socket } = response
    socket?.setNoDelay(true)
    // The head and what is written in this turn leave in one segment.
    socket?.cork()
    process.nextTick(() => socket?.uncork())
    // Ended by the connection's end: HAProxy holds a chunk back for 200 ms, in case another one follows.
    response.useChunkedEncodingByDefault = false
    this.head(status, { ...headers, Connection: 'close' })
    response.flushHeaders()
    return new AnswerStream(takeSocket(this.#request, response) ?? response, events)
  }

  onGone(listener: () => void): void {
    this.#response.on('close', listener)
  }

  destroy(): void {
    this.#response.destroy()
  }

  private head(status: number, headers: Readonly<Record<string, string>>): void {
    const { origin } = this.headers
    const isForeign = origin !== undefined && this.#context.settings.origins && originAllowed(this.#context, this)
    this.#response.writeHead(status, isForeign ? { ...headers, ...crossOrigin(origin) } : headers)
  }
}

/** An answer that goes on, at the connection itself or, where that cannot be had, at the response. */
class AnswerStream implements StreamLike {
  readonly #to: Socket | ServerResponse
  readonly #events: StreamEvents
  #over = false
  /** Somebody is to be told that what was buffered has been taken. */
  #full = false

  constructor(to: Socket | ServerResponse, events: StreamEvents) {
    this.#to = to
    this.#events = events
    to.on('close', () => {
      this.#over = true
      events.gone()
    })
    to.on('error', ignore)
  }

  write({ bytes }: Chunk): void {
    if (this.#over || this.#to.write(bytes) || this.#full) return
    this.#full = true
    this.#to.once('drain', () => {
      this.#full = false
      this.#events.drained()
    })
  }

  get buffered(): number {
    return this.#to.writableLength
  }

  end(): void {
    this.#over = true
    this.#to.end()
  }

  destroy(): void {
    this.#over = true
    this.#to.destroy()
  }
}

const ignore = () => {}

/** The body, whoever has read it: another middleware may have, as text, bytes or JSON. */
async function readBody(request: IncomingMessage & { body?: unknown }, limit: number): Promise<string> {
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
    let ended = false
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        chunks.length = 0
        reject(tooLarge(limit))
      } else chunks.push(chunk)
    })
    request.on('end', () => {
      ended = true
      const [only] = chunks
      resolve((chunks.length === 1 && only ? only : Buffer.concat(chunks)).toString())
    })
    // A client that goes away in the middle is no failure of ours.
    const cut = () => {
      if (!ended) reject(fault('malformed', 'the body was cut'))
    }
    request.on('error', cut)
    request.on('close', cut)
  })
}

const decoder = new TextDecoder()

const tooLarge = (limit: number): Error => fault('too-large', `the batch is larger than ${limit} bytes`)

const crossOrigin = (origin: string): Record<string, string> => ({
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Allow-Credentials': 'true',
  Vary: 'Origin',
})
