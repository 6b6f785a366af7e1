/**
 * A process of its own that brings connections into every state of the machine, closes them all, and should then exit by
 * itself. Prints one JSON object a line: the states that were reached, and how long after the close calls it was over.
 */
import { createServer } from 'node:http'
import type { Connection, ConnectOptions } from '@holdfast/client'
import { connect, sse, websocket } from '@holdfast/client'
import { createHub } from '@holdfast/server'
import express from 'express'
import { filter, firstValueFrom } from 'rxjs'
import WebSocket from 'ws'
import { listen } from './listen.ts'
import { createPage } from './page.ts'

/** Addresses of the same hub: `free`, and behind networks that refuse or swallow WebSockets, or all. */
export type Urls = Record<'free' | 'refusing' | 'swallowing' | 'dead' | 'closed', string>

type Case = (urls: Urls) => Connection

const never = 60_000

/** Names a state that is to be reached, with what may follow a `+` to tell cases apart. */
const cases: Record<string, Case> = {
  idle: ({ free }) => open(free),
  'connecting.headStart': ({ dead }) => open(dead, { timing: { headStartMs: never } }),
  'connecting.hedging': ({ dead }) => open(dead, { timing: { nextStartMs: never } }),
  'connecting.hedging+all': ({ dead }) => open(dead, { timing: { headStartMs: 1, nextStartMs: 1 } }),
  'online.settled+websocket': ({ free }) => open(free),
  'online.settled+sse': ({ free }) => open(free, { transports: ['sse'] }),
  'online.settled+poll': ({ free }) => open(free, { transports: ['poll'] }),
  'online.lesser': ({ refusing }) => open(refusing),
  'online.lesser+poll': ({ refusing }) => open(refusing, { transports: ['websocket', 'poll'] }),
  'online.upgrading': ({ swallowing }) => open(swallowing),
  'online.trial': ({ free }) =>
    open(free, { transports: [websocket(cutting(3)), sse()], timing: { probeMs: 100, trialMs: never } }),
  'online.suspect': ({ free }) =>
    open(free, { transports: [websocket(deafening(1, 1))], timing: { suspectMs: never } }),
  waiting: ({ closed }) => open(closed, { transports: ['websocket'], random: () => 0.9, timing: { backoffMs: never } }),
  offline: ({ closed }) => open(closed, { page: createPage({ onLine: false }) }),
  parked({ free }) {
    const page = createPage()
    const connection = open(free, { page })
    void reached(connection, 'online').then(() => page.tell('pagehide'))
    return connection
  },
  failed: ({ free }) => open(free, { token: 'bad' }),
}

const [mode, json] = process.argv.slice(2)
if (mode === 'clients') {
  const urls = JSON.parse(json as string) as Urls
  const connections = Object.entries(cases).map(([name, begin]) => ({ name, connection: begin(urls) }))
  connections[0]?.connection.close()
  await Promise.all(
    connections.slice(1).map(({ name, connection }) => reached(connection, name.split('+')[0] as string)),
  )
  console.log(JSON.stringify({ states: connections.map(({ connection }) => connection.getState().state) }))
  const closing = async ({ name, connection }: (typeof connections)[number]) => {
    const begun = performance.now()
    await connection.close()
    return [name, Math.round(performance.now() - begun)]
  }
  finish(async () =>
    console.log(JSON.stringify({ each: Object.fromEntries(await Promise.all(connections.map(closing))) })),
  )
} else {
  const hub = createHub({ authorize: () => true })
  const server = createServer(express().use('/realtime', hub.router()))
  hub.attach(server, '/realtime')
  const responses = new Set<unknown>()
  server.prependListener('request', (_, response) => {
    responses.add(response)
    response.once('close', () => responses.delete(response))
  })
  const url = `http://127.0.0.1:${await listen(server)}/realtime`
  const connections = (['websocket', 'sse', 'poll'] as const).map((transport) => open(url, { transports: [transport] }))
  await Promise.all(connections.map((connection) => reached(connection, 'online')))
  const stream = await fetch(`${url}/topics/news`)
  await stream.body?.getReader().read()
  hub.topic('news').subscribe()
  console.log(JSON.stringify({ states: connections.map((connection) => connection.getState().state) }))
  const closeClients = () => Promise.all(connections.map((connection) => connection.close()))
  const closeHub = async () => {
    await hub.close()
    console.log(JSON.stringify({ responses: responses.size }))
    server.close()
    // What fetch has opened in advance, and no request came on: Node takes it for busy.
    server.closeAllConnections()
  }
  if (mode === 'hub-first') finish(() => closeHub().then(closeClients))
  else finish(() => closeClients().then(closeHub))
}

/** Opens a connection that has everything that could hold a timer or a socket. */
function open(url: string, options: ConnectOptions = {}): Connection {
  const connection = connect(url, { WebSocket, page: null, ...options })
  const ignore = () => {}
  connection.state$.subscribe()
  connection.errors$.subscribe()
  connection.inbox.subscribe()
  connection.topic('news').subscribe({ error: ignore })
  connection.topic('left').subscribe({ error: ignore }).unsubscribe()
  connection.topic('news').publish(1, { timeoutMs: never }).catch(ignore)
  connection.request('anything').catch(ignore)
  return connection
}

function reached(connection: Connection, wanted: string): Promise<unknown> {
  return firstValueFrom(connection.state$.pipe(filter(({ state }) => state.startsWith(wanted))))
}

function finish(close: () => Promise<unknown>): void {
  const begun = performance.now()
  const elapsed = () => Math.round(performance.now() - begun)
  const late = setTimeout(() => {
    console.log(JSON.stringify({ left: process.getActiveResourcesInfo() }))
    process.exit(1)
  }, 3_000)
  late.unref()
  process.on('exit', () => console.log(JSON.stringify({ exitedMs: elapsed() })))
  void close().then(() => console.log(JSON.stringify({ closedMs: elapsed() })))
}

/** A WebSocket whose first ones are cut right after the welcome. */
function cutting(count: number): typeof WebSocket {
  let made = 0
  return class extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols)
      if (++made <= count) this.once('message', () => setTimeout(() => this.terminate(), 20))
    }
  } as typeof WebSocket
}

/** A WebSocket whose first ones bring so many messages and no more; later ones bring none. */
function deafening(count: number, messages: number): typeof WebSocket {
  let made = 0
  return class extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols)
      let left = ++made <= count ? messages : 0
      const { emit } = this
      this.emit = (event: string, ...rest: unknown[]) =>
        event === 'message' && left-- <= 0 ? true : emit.call(this, event, ...rest)
    }
  } as typeof WebSocket
}
