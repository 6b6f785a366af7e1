import type { AddressInfo, Server } from 'node:net'

/** Listens on a free port of 127.0.0.1, or on this one, and answers it. */
export function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', backlog: 4_096 }, () => resolve((server.address() as AddressInfo).port))
  })
}
