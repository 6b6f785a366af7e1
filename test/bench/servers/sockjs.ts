import { createServer } from 'node:http'
import sockjs, { type SockJsConnection } from 'sockjs'
import type { Contestant } from './contestant.ts'

export function createSockJs(): Contestant {
  const server = createServer()
  const members = new Set<SockJsConnection>()
  const endpoint = sockjs.createServer({ log: () => {} })
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
