import { type Connection, connect as connectWith } from './connect.ts'
import type { CoreOptions } from './options.ts'
import type { FetchLike } from './transports/http.ts'
import { poll } from './transports/poll.ts'
import { sse } from './transports/sse.ts'
import type { Transport } from './transports/transport.ts'
import { type WebSocketClass, websocket } from './transports/websocket.ts'

export * from './core.ts'

export type TransportName = 'websocket' | 'sse' | 'poll'

export interface ConnectOptions extends Omit<CoreOptions, 'transports'> {
  /** In order of preference, by name or your own. Default: all three. */
  readonly transports?: readonly (TransportName | Transport)[]
  /** Default: the global one. */
  readonly WebSocket?: WebSocketClass
  /** Default: the global one. */
  readonly fetch?: FetchLike
}

/** Opens a connection in the next microtask. @param url where the hub is mounted; may be relative in a browser */
export function connect(url: string, options: ConnectOptions = {}): Connection {
  const { transports = ['websocket', 'sse', 'poll'], WebSocket, fetch, ...rest } = options
  const byName = {
    websocket: websocket(WebSocket),
    sse: sse(fetch),
    poll: poll(fetch),
  }
  const made = transports.map((one) => (typeof one === 'string' ? byName[one] : one))
  return connectWith(url, { ...rest, transports: made })
}
