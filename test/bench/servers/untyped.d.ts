/** What of SockJS is used here; it has no types of its own. */
declare module 'sockjs' {
  import type { Server } from 'node:http'

  export interface SockJsConnection {
    write(text: string): void
    on(event: 'close', listener: () => void): void
  }

  interface Endpoint {
    on(event: 'connection', listener: (connection: SockJsConnection) => void): void
    installHandlers(server: Server, options: { prefix: string }): void
  }

  const sockjs: { createServer(options: { log(): void; heartbeat_delay: number }): Endpoint }
  export default sockjs
}
