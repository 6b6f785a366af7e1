import { createServer, type Server } from 'node:http'
import { type DownFrame, offerHello, parseDown, type TopicList } from '@holdfast/protocol'
import { createHub, type Hub, type HubOptions } from '@holdfast/server'
import express, { type Express } from 'express'
import { WebSocket } from 'ws'
import { listen } from '../support/listen.ts'

export interface Served {
  hub: Hub<any>
  app: Express
  server: Server
  base: string
  close(): Promise<void>
}

/** A hub over real sockets. `before` may add middleware in front of it. */
export async function serve(options: HubOptions<any> = {}, before: (app: Express, server: Server) => void = () => {}) {
  const hub = createHub({ authorize: () => true, ...options })
  const app = express()
  const server = createServer(app)
  before(app, server)
  app.use('/rt', hub.router())
  hub.attach(server, '/rt')
  const port = await listen(server)
  return {
    hub,
    app,
    server,
    base: `http://127.0.0.1:${port}/rt`,
    async close() {
      await hub.close({ drainMs: 50 })
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    },
  } satisfies Served
}

let drawn = 0

/** A session of its own for each test. */
export function drawSession() {
  const id = String(++drawn).padStart(22, 'S')
  const secret = 'x'.repeat(22)
  const hello = (topics: TopicList = [], more: Record<string, unknown> = {}) =>
    JSON.stringify(['hello', 1, { session: id, secret, link: 1, mode: 'new', topics, ...more }])
  const line = (link = 1) => JSON.stringify(['session', id, secret, link])
  return { id, secret, hello, line }
}

/** Frames that have come, and a wait for the next that fits. */
export function createFrames() {
  const all: DownFrame[] = []
  const waiters = new Set<() => void>()
  let ended: unknown = null
  const changed = () => {
    for (const wake of [...waiters]) wake()
  }
  return {
    all,
    feed(batch: string) {
      for (const line of batch.split('\n')) all.push(parseDown(line))
      changed()
    },
    end(how: unknown) {
      ended = how
      changed()
    },
    of: <K extends DownFrame[0]>(kind: K) =>
      all.filter((frame) => frame[0] === kind) as Extract<DownFrame, [K, ...any]>[],
    /** Resolves when `count` frames that fit have come. */
    until(fits: (frame: DownFrame) => boolean, count = 1): Promise<DownFrame> {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = all.filter(fits)
          if (found.length >= count) resolve(found[count - 1]!)
          else if (ended) reject(new Error(`ended with ${JSON.stringify(ended)} after ${JSON.stringify(all)}`))
          else return
          waiters.delete(look)
        }
        waiters.add(look)
        look()
      })
    },
    kind(kind: DownFrame[0], count = 1) {
      return this.until((frame) => frame[0] === kind, count)
    },
  }
}

export function dial(
  base: string,
  hello: string,
  options: { headers?: Record<string, string>; protocols?: string[] } = {},
) {
  const { protocols, first } = offerHello(hello)
  const socket = new WebSocket(base.replace('http', 'ws'), options.protocols ?? protocols, {
    headers: options.headers ?? {},
  })
  const frames = createFrames()
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      const how = { code, reason: reason.toString() }
      resolve(how)
      frames.end(how)
    })
  })
  socket.on('error', () => {})
  socket.on('message', (data) => frames.feed(data.toString()))
  if (first && !options.protocols) socket.on('open', () => socket.send(first))
  return { socket, frames, closed, send: (...lines: (string | unknown[])[]) => socket.send(batch(lines)) }
}

export const batch = (lines: (string | unknown[])[]): string =>
  lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')

export async function post(url: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain;charset=utf-8', ...headers },
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    frames: text === '' ? [] : text.split('\n').map(parseDown),
  }
}

/** Opens the stream of `POST sse`; `text` is called with each event's data, by default it is frames. */
export async function openStream(url: string, init: RequestInit = {}) {
  const stop = new AbortController()
  const response = await fetch(url, { ...init, signal: stop.signal })
  const frames = createFrames()
  const events: string[] = []
  const woken = new Set<() => void>()
  const closed = read()
  return { response, frames, events, closed, close: () => stop.abort(), event }

  async function read() {
    let rest = ''
    try {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream() as any) as any) {
        rest += chunk
        const parts = rest.split('\n\n')
        rest = parts.pop()!
        for (const part of parts) take(part)
      }
    } catch {
      // Aborted.
    }
    frames.end('closed')
  }

  function take(part: string) {
    events.push(part)
    for (const wake of [...woken]) wake()
    const data = part.split('\n').filter((line) => line.startsWith('data: '))
    if (init.method === 'POST' && data.length > 0) frames.feed(data.map((line) => line.slice(6)).join('\n'))
  }

  function event(count: number): Promise<string> {
    return new Promise((resolve) => {
      const look = () => {
        if (events.length < count) return
        woken.delete(look)
        resolve(events[count - 1]!)
      }
      woken.add(look)
      look()
    })
  }
}

export const openSse = (base: string, hello: string) => openStream(`${base}/sse`, { method: 'POST', body: hello })
