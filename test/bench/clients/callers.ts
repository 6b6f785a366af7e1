import { connect, defaultOutbox, type TransportName } from '@holdfast/client'
import { filter, firstValueFrom } from 'rxjs'
import * as socketIo from 'socket.io-client'
import { WebSocket } from 'ws'
import type { Data } from '../servers/contestant.ts'

interface IoSocket {
  once(event: 'connect', listener: () => void): void
  emitWithAck(event: string, data: unknown): Promise<unknown>
}

// What it inherits is lost in its own types where modules are resolved as Node does.
const io = socketIo.io as unknown as (url: string, options: object) => IoSocket

/** A client as an application would have it, of one server that answers. */
export interface Caller {
  /** Sends one message, and resolves with the answer. */
  call(data: Data): Promise<unknown>
  /** Sends all without waiting, and resolves when each has been answered. */
  pipeline(all: readonly Data[]): Promise<void>
}

export const callers = {
  'ws echo': (port: number) => overWebSocket(port, (text) => JSON.parse(text).n),
  'ws ack': (port: number) => overWebSocket(port, (text) => JSON.parse(text).ack),
  'POST echo': async (port: number): Promise<Caller> => {
    const call = async (data: Data) => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify(data) })
      return response.json()
    }
    return { call, pipeline: async (all) => void (await Promise.all(all.map(call))) }
  },
  'POST + stream': overStream,
  'Express, POST + stream': overStream,
  'Socket.IO': async (port: number): Promise<Caller> => {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    return {
      call: (data) => socket.emitWithAck('echo', data),
      pipeline: async (all) => void (await Promise.all(all.map((data) => socket.emitWithAck('publish', data)))),
    }
  },
  'Holdfast ws, publish': (port: number) => holdfast(port, 'websocket', 'publish'),
  'Holdfast ws': (port: number) => holdfast(port, 'websocket', 'echo'),
  'Holdfast SSE': (port: number) => holdfast(port, 'sse', 'echo'),
  'Express, Holdfast SSE': (port: number) => holdfast(port, 'sse', 'echo'),
} satisfies Record<string, (port: number) => Promise<Caller>>

export type CallerName = keyof typeof callers

async function overWebSocket(port: number, numberOf: (text: string) => number): Promise<Caller> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`)
  await new Promise((resolve) => socket.once('open', resolve))
  const pipeline = (all: readonly Data[]) =>
    new Promise<void>((resolve, reject) => {
      let next = 0
      const answered = (data: Buffer) => {
        if (numberOf(data.toString()) !== all[next++]?.n) reject(new Error('answers came in another order'))
        if (next < all.length) return
        socket.off('message', answered)
        resolve()
      }
      socket.on('message', answered)
      for (const data of all) socket.send(JSON.stringify(data))
    })
  return { call: (data) => pipeline([data]), pipeline }
}

/** One at a time: a POST, whose answer comes down a stream of events besides its own. */
async function overStream(port: number): Promise<Caller> {
  const url = `http://127.0.0.1:${port}/`
  const decoder = new TextDecoder()
  const { body } = await fetch(url)
  const reader = body?.getReader()
  const heard = async () => {
    const { value } = (await reader?.read()) ?? {}
    return JSON.parse(decoder.decode(value).slice('data: '.length)) as Data
  }
  const call = async (data: Data) => {
    const posted = fetch(url, { method: 'POST', body: JSON.stringify(data) }).then((response) => response.text())
    const answer = await heard()
    await posted
    return answer
  }
  const pipeline = async (all: readonly Data[]) => {
    for (const data of all) await call(data)
  }
  return { call, pipeline }
}

/** `echo`: a publish is answered in the inbox, besides its receipt; `publish`: by its receipt alone. */
async function holdfast(port: number, transport: TransportName, topicName: 'echo' | 'publish'): Promise<Caller> {
  const connection = connect(`http://127.0.0.1:${port}/realtime`, {
    WebSocket,
    transports: [transport],
    outbox: { ...defaultOutbox, maxCount: 100_000, maxBytes: 2 ** 26 },
  })
  connection.errors$.subscribe((error) => console.error(error))
  const topic = connection.topic<Data>(topicName)
  let heard: (data: Data) => void = () => {}
  if (topicName === 'echo') connection.inbox.subscribe((data) => heard(data as Data))
  await firstValueFrom(connection.state$.pipe(filter(({ phase }) => phase === 'online')))
  return {
    call: (data) => connection.request('echo', data),
    async pipeline(all) {
      const answered = new Promise<void>((resolve, reject) => {
        let next = 0
        heard = ({ n }) => {
          if (n !== all[next++]?.n) reject(new Error('answers came in another order'))
          if (next === all.length) resolve()
        }
      })
      await Promise.all(all.map((data) => topic.publish(data)))
      if (topicName === 'echo') await answered
    },
  }
}
