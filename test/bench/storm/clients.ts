/** A process of real clients, half of them on each transport, that live through the end of their server. */
import { connect } from '@holdfast/client'
import * as socketIo from 'socket.io-client'
import { WebSocket } from 'ws'
import { answers } from '../harness/answers.ts'

export interface Opening {
  readonly name: 'Holdfast' | 'Socket.IO'
  readonly port: number
  readonly count: number
}

export interface Back {
  /** ms since 1970 at which each client had what the new server sends; those that never had it are not in it. */
  readonly at: readonly number[]
  /** Clients that were told one gap, none, or more. */
  readonly gaps: { readonly one: number; readonly none: number; readonly more: number }
  /** Clients that have had a message twice, or one of the old server after the new one's. */
  readonly wrong: number
}

interface Client {
  /** The servers that it heard, and when. */
  readonly heard: { pid: number; at: number }[]
  gaps: number
}

interface IoSocket {
  on(event: string, listener: (data: { pid: number }) => void): void
}
const io = socketIo.io as unknown as (url: string, options: object) => IoSocket

const clients: Client[] = []
const atOnce = 100
const pollMs = 50

answers({
  /** Resolves when all have heard the server. */
  async open({ name, port, count }: Opening): Promise<void> {
    while (clients.length < count) {
      for (let i = 0; i < atOnce && clients.length < count; i++)
        clients.push(openers[name](port, clients.length % 2 === 0))
      await until(() => clients.every(({ heard }) => heard.length > 0))
    }
  },
  /** Waits so long for all to be back. */
  async back(patienceMs: number): Promise<Back> {
    const endsAt = Date.now() + patienceMs
    await until(() => Date.now() > endsAt || clients.every(({ heard }) => heard.length > 1))
    const [first] = clients
    const old = first?.heard[0]?.pid
    const gaps = { one: 0, none: 0, more: 0 }
    for (const client of clients) gaps[client.gaps === 1 ? 'one' : client.gaps === 0 ? 'none' : 'more']++
    return {
      at: clients.flatMap(({ heard }) => heard.filter(({ pid }) => pid !== old).slice(0, 1)).map(({ at }) => at),
      gaps,
      wrong: clients.filter(({ heard }) => heard.length > 2 || heard[0]?.pid !== old || heard[1]?.pid === old).length,
    }
  },
})

const openers: Record<Opening['name'], (port: number, websocket: boolean) => Client> = {
  Holdfast(port, websocket) {
    const client: Client = { heard: [], gaps: 0 }
    const transports = websocket ? (['websocket'] as const) : (['sse'] as const)
    const connection = connect(`http://127.0.0.1:${port}/realtime`, { WebSocket, transports })
    connection.topic<{ pid: number }>('news', { from: 'start' }).events$.subscribe((event) => {
      if (event.type === 'gap') client.gaps++
      if (event.type === 'message') client.heard.push({ pid: event.data.pid, at: Date.now() })
    })
    return client
  },
  'Socket.IO'(port, websocket) {
    const client: Client = { heard: [], gaps: 0 }
    const transports = websocket ? ['websocket'] : ['polling']
    const socket = io(`http://127.0.0.1:${port}`, { transports, forceNew: true })
    socket.on('news', ({ pid }) => client.heard.push({ pid, at: Date.now() }))
    return client
  },
}

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, pollMs))
}
