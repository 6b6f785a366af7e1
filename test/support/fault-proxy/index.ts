/**
 * A TCP proxy on loopback that breaks the network between real clients and a real server.
 *
 * It passes raw bytes and only follows HTTP/1.1 framing alongside, rather than terminating HTTP with node:http. So a
 * cut is a real RST or FIN, a swallowed request is really never answered, every chunk passes at once and unchanged,
 * and latency lies on the sockets themselves. What that costs is a small reader of heads and bodies.
 *
 * Each connection is: client socket - delay queue - gate (where requests meet faults) - server socket, and back.
 */
import { createServer, type Socket } from 'node:net'
import { type Connection, createConnection } from './connection.ts'
import { changeFaults, type Faults, noFaults } from './faults.ts'
import { createRecorder, type LogEntry, type Stats } from './record.ts'
import { ignore } from './sockets.ts'

export { changeFaults, type Faults, noFaults } from './faults.ts'
export type { LogEntry, LogEvent, Stats } from './record.ts'

/** `http` is every connection that is no WebSocket; `stream` those that carry an event stream at present. */
export type Transport = 'websocket' | 'http' | 'stream'

export interface Address {
  host: string
  port: number
}

export interface FaultProxyOptions {
  /** Where to; a function is asked for each connection, so that they can go to several servers in turn. */
  target: Address | (() => Address)
  /** The proxy's own port; any free one by default. */
  port?: number
  faults?: Partial<Faults>
  random?: () => number
  /** Which POSTs the fault `post` is for; those to a path that ends in `/send` by default. */
  isUpstreamPost?: (request: { path: string }) => boolean
}

export interface CutOptions {
  transport?: Transport
  /** `reset` (RST) by default; `end` is a FIN. */
  how?: 'reset' | 'end'
  /** Who hears of it, both by default. The other side is left half-open until `heal()` or `resume()`. */
  notice?: 'client' | 'server' | 'both'
}

export interface StallOptions {
  transport?: Transport
  direction?: 'up' | 'down' | 'both'
}

export interface FaultProxy {
  readonly port: number
  readonly url: string
  readonly faults: Readonly<Faults>
  /** Replaces the named faults, for new requests and, where it makes sense, on what is open (latency, stream, block). */
  set(change: Partial<Faults>): void
  /** Back to no faults; what was stalled goes on. */
  heal(): void
  /** Cuts the present connections and returns how many. */
  cut(options?: CutOptions): number
  /** The present connections become half-open: their sockets stay, nothing passes, not even an end. New ones are fine. */
  stall(options?: StallOptions): number
  resume(): void
  /** The latest of what was seen, oldest first; bounded. */
  readonly log: readonly LogEntry[]
  readonly stats: Readonly<Stats>
  /** Called at once, within the event, for each log entry. Returns how to stop. */
  listen(listener: (entry: LogEntry) => void): () => void
  /** The next entry that matches; rejects when the proxy is closed first. */
  next(match: Partial<LogEntry> | ((entry: LogEntry) => boolean)): Promise<LogEntry>
  close(): Promise<void>
}

const host = '127.0.0.1'

export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, random = Math.random, isUpstreamPost = endsInSend } = options
  const connections = new Set<Connection>()
  const recorder = createRecorder()
  const { log, stats, listen, next } = recorder
  let faults = changeFaults(noFaults, options.faults ?? {})
  let closing: Promise<unknown> | null = null
  let onEmpty: (() => void) | null = null

  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject)
      // A failed accept (no file descriptors left) concerns that client alone.
      server.on('error', ignore)
      resolve()
    })
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0

  function accept(client: Socket): void {
    stats.connections += 1
    if (faults.block === 'refuse' || closing) {
      client.on('error', ignore)
      client.resetAndDestroy()
      return
    }
    const connection = createConnection({
      client,
      target: typeof target === 'function' ? target : () => target,
      faults: () => faults,
      random,
      isUpstreamPost,
      recorder,
      onOver() {
        connections.delete(connection)
        stats.open = connections.size
        if (connections.size === 0) onEmpty?.()
      },
    })
    connections.add(connection)
    stats.open = connections.size
  }

  function set(change: Partial<Faults>): void {
    const before = faults
    faults = changeFaults(before, change)
    for (const connection of [...connections]) {
      if (faults.block === 'refuse' && before.block !== 'refuse') connection.cut('reset', 'both')
      connection.faultsChanged(isFaster(before, faults))
    }
  }

  function select(transport?: Transport): Connection[] {
    return [...connections].filter(
      ({ carries }) => !transport || carries === transport || (transport === 'http' && carries === 'stream'),
    )
  }

  function resume(): void {
    for (const connection of [...connections]) connection.resume()
  }

  function closeAll(): Promise<unknown> {
    const unbound = new Promise((resolve) => server.close(resolve))
    const empty = new Promise<void>((resolve) => {
      if (connections.size === 0) resolve()
      else onEmpty = resolve
    })
    for (const connection of [...connections]) connection.destroy()
    recorder.close()
    return Promise.all([unbound, empty])
  }

  return {
    port,
    url: `http://${host}:${port}`,
    get faults() {
      return faults
    },
    set,
    heal() {
      set(noFaults)
      resume()
    },
    cut({ transport, how = 'reset', notice = 'both' } = {}) {
      const chosen = select(transport)
      for (const connection of chosen) connection.cut(how, notice)
      return chosen.length
    },
    stall({ transport, direction = 'both' } = {}) {
      const chosen = select(transport)
      for (const connection of chosen) connection.stall(direction)
      return chosen.length
    },
    resume,
    log,
    stats,
    listen,
    next,
    async close() {
      closing ??= closeAll()
      await closing
    },
  }
}

function endsInSend({ path }: { path: string }): boolean {
  return path.split('?', 1)[0]?.endsWith('/send') ?? false
}

function isFaster(before: Faults, after: Faults): boolean {
  const rate = (faults: Faults) => faults.throttleBytesPerSecond || Number.POSITIVE_INFINITY
  return after.latencyMs < before.latencyMs || after.jitterMs < before.jitterMs || rate(after) > rate(before)
}
