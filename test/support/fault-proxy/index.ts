/**
 * A TCP proxy on loopback that breaks the network between real clients and a real server.
 *
 * It passes raw bytes and only follows HTTP/1.1 framing alongside, rather than terminating HTTP with node:http. So a
 * cut is a real RST or FIN, a swallowed request is really never answered, every chunk passes at once and unchanged,
 * and latency lies on the sockets themselves. What that costs is a small reader of heads and bodies.
 *
 * Each connection is: client socket - gate (where exchanges meet the rules) - delay queue - server socket, and back.
 */
import type { Faults } from './faults.ts'
import type { RequestHead } from './http-head.ts'
import { type Address, createPort, type FaultProxy } from './port.ts'
import type { Kind, Rule } from './rules.ts'

export { changeFaults, type Faults, noFaults } from './faults.ts'
export type { Address, FaultProxy } from './port.ts'
export { describe, type LogEntry, type LogEvent, type Stats } from './record.ts'
export type { Action, Direction, Kind, Match, On, Rule } from './rules.ts'

export interface FaultProxyOptions {
  /** Where to; a function is asked for each connection, so that they can go to several servers in turn. */
  target: Address | (() => Address)
  /** The proxy's own port; any free one by default. */
  port?: number
  rules?: readonly Rule[]
  faults?: Partial<Faults>
  random?: () => number
  /** What a request is; a WebSocket's handshake is known. Default: by the path's end, as Holdfast's hub has them. */
  kindOf?: (request: RequestHead) => Kind
}

export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, port = 0, rules = [], faults = {}, random = Math.random, kindOf = kindByPath } = options
  const proxy = await createPort({
    name: '',
    target: typeof target === 'function' ? target : () => target,
    port,
    random,
    kindOf,
    shared: () => [],
    onEntry: () => {},
  })
  proxy.use(rules)
  proxy.set(faults)
  return proxy
}

const kinds: Record<string, Kind> = { send: 'post', poll: 'poll', sse: 'stream' }

function kindByPath({ method, path }: RequestHead): Kind {
  const end = path.split('?', 1)[0]?.split('/').at(-1) ?? ''
  return (method === 'POST' && kinds[end]) || 'other'
}
