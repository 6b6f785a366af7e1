import { once } from 'node:events'
import type { Server } from 'node:http'

const host = '127.0.0.1'
const attempts = 20

/** Listens on the port, or on the next one that is free. Port 0 is any. */
export async function listenOnFreePort(server: Server, port: number): Promise<{ host: string; port: number }> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      server.listen(port + attempt, host)
      await once(server, 'listening')
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === attempts) throw error
    }
  }
  const address = server.address()
  return { host, port: typeof address === 'object' && address ? address.port : port }
}
