import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import type { Contestant } from '../servers/contestant.ts'
import { createMembers } from '../servers/contestant.ts'
import { createHoldfast } from '../servers/holdfast.ts'
import { createIo } from '../servers/socketio.ts'

// Soon full, so that it is no part of what sessions cost.
const history = { count: 100 }

/** By name. Those that compress do so in the way that is their default. */
export const servers = {
  'ws, plain': () => createWs(false),
  'ws, deflate': () => createWs(true),
  'Socket.IO, deflate': createSocketIo,
  'Holdfast, plain': () => createHoldfast({ history }),
  'Holdfast, compress'() {
    const made = createHoldfast({ history })
    made.hub.topics('topic-*', { compress: true })
    return made
  },
} satisfies Record<string, () => Contestant>

export type ServerName = keyof typeof servers

/** `send` to each. */
function createWs(perMessageDeflate: boolean): Contestant {
  const server = createServer()
  const members = createMembers<{ send(text: string): void }>()
  const options = { server, perMessageDeflate, clientTracking: false }
  new WebSocketServer(options).on('connection', (webSocket, { url }) => {
    webSocket.on('close', members.join(url, webSocket))
    webSocket.on('error', () => {})
  })
  return {
    server,
    broadcast(messages) {
      for (const { data } of messages) {
        const text = JSON.stringify(data)
        for (const webSocket of members.of[0] ?? []) webSocket.send(text)
      }
    },
  }
}

function createSocketIo(): Contestant {
  const { io, server } = createIo({ transports: ['websocket'], perMessageDeflate: true })
  io.on('connection', () => {})
  return {
    server,
    broadcast(messages) {
      for (const { data } of messages) io.emit('m', data)
    },
  }
}
