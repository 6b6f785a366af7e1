import { createServer } from 'node:http'
import sockjs, { type SockJsConnection } from 'sockjs'
import type { Contestant } from './contestant.ts'

export function createSockJs(): Contestant {
  const server = createServer()
  const members = new Set<SockJsConnection>()
  // Nobody answers its pings here: after the first it would cut everybody.
  const endpoint = sockjs.createServer({ log: () => {}, heartbeat_delay: 3_600_000 })
  endpoint.on('connection', (connection) => {
    members.add(connection)
    connection.on('close', () => members.delete(connection))
  })
  endpoint.installHandlers(server, { prefix: '/sockjs' })
  return {
    server,
    broadcast(messages) {
      for (const { data } of messages) {
        const text = JSON.stringify(data)
        for (const connection of members) connection.write(text)
      }
    },
  }
}
