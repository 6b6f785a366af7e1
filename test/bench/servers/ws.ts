import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import * as ws from 'ws'
import type { Contestant, Data } from './contestant.ts'
import { createMembers } from './contestant.ts'

type Way = 'encoded' | 'plain' | 'corked'

interface Member {
  readonly webSocket: ws.WebSocket
  readonly socket: Socket
}

/** Bare `ws`: the frame encoded once and written as it is; `send` to each; or the frames of one turn corked together. */
export function createWs(way: Way): Contestant {
  const server = createServer()
  const members = createMembers<Member>()
  new ws.WebSocketServer({ server, clientTracking: false }).on('connection', (webSocket, { socket, url }) => {
    webSocket.on('close', members.join(url, { webSocket, socket }))
    webSocket.on('error', () => {})
  })
  return { server, broadcast: ways[way](members.of) }
}

const ways: Record<Way, (members: readonly (readonly Member[])[]) => Contestant['broadcast']> = {
  plain: (members) => (messages) => {
    for (const { topic, data } of messages) {
      const text = JSON.stringify(data)
      for (const { webSocket } of members[topic] ?? []) webSocket.send(text)
    }
  },
  encoded: (members) => (messages) => {
    for (const { topic, data } of messages) {
      const frame = encode(data)
      for (const { socket } of members[topic] ?? []) socket.write(frame)
    }
  },
  corked: (members) => (messages) => {
    const corked: Socket[] = []
    for (const { topic, data } of messages) {
      const frame = encode(data)
      for (const { socket } of members[topic] ?? []) {
        if (socket.writableCorked === 0) {
          socket.cork()
          corked.push(socket)
        }
        socket.write(frame)
      }
    }
    for (const socket of corked) socket.uncork()
  },
}

// Exported by ws, but not in its types.
const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } }

function encode(data: Data): Buffer {
  const options = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: false }
  return Buffer.concat(Sender.frame(Buffer.from(JSON.stringify(data)), options))
}
