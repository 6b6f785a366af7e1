import type { RequestHead } from './http-head.ts'
import type { Kind, Rule } from './rules.ts'
import { ignore } from './sockets.ts'

/** What was seen on the way. */
export interface LogEntry {
  /** `performance.now()` */
  at: number
  /** The port's name; empty for the proxy's own. */
  port: string
  /** Which connection of that port, from 1. */
  connection: number
  kind: Kind
  method: string
  /** As sent, query included. */
  path: string
  event: LogEvent
  /** The response's, where there is one. */
  status?: number
  /** Of this exchange or tunnel so far, as they passed the fault point. */
  bytesUp: number
  bytesDown: number
}

/**
 * `request`: its head has arrived. `response`: the server's final head has. `end`: an exchange or a tunnel is over.
 * The others name the action of the rule that met it.
 */
export type LogEvent = 'request' | 'response' | 'end' | Exclude<Rule['do'], 'delay' | 'throttle'>

export interface Stats {
  /** Connections accepted so far. */
  connections: number
  /** Of those, the ones that still have a socket on either side. */
  open: number
  /** Requests so far by method and path without the query: `requests['POST /realtime/send']`. */
  requests: Record<string, number>
  /** Written to the server and to the client. */
  bytesUp: number
  bytesDown: number
}

export interface Recorder {
  readonly port: string
  readonly log: readonly LogEntry[]
  readonly stats: Stats
  request(head: RequestHead): void
  add(entry: LogEntry): void
  listen(listener: (entry: LogEntry) => void): () => void
  next(match: Partial<LogEntry> | ((entry: LogEntry) => boolean)): Promise<LogEntry>
  close(): void
}

const logLimit = 2000
const pathLimit = 1000

/** @param onEntry hears of each entry too */
export function createRecorder(port: string, onEntry: (entry: LogEntry) => void = () => {}): Recorder {
  const log: LogEntry[] = []
  const stats: Stats = { connections: 0, open: 0, requests: Object.create(null), bytesUp: 0, bytesDown: 0 }
  const listeners = new Set<(entry: LogEntry) => void>()
  const waiters = new Set<() => void>()
  let paths = 0

  function listen(listener: (entry: LogEntry) => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return {
    port,
    log,
    stats,
    request({ method, path }) {
      let key = `${method} ${path.split('?', 1)[0]}`
      if (!(key in stats.requests)) {
        if (paths < pathLimit) paths += 1
        else key = 'others'
      }
      stats.requests[key] = (stats.requests[key] ?? 0) + 1
    },
    add(entry) {
      log.push(entry)
      if (log.length > logLimit) log.splice(0, log.length - logLimit / 2)
      for (const listener of [...listeners]) listener(entry)
      onEntry(entry)
    },
    listen,
    next(match) {
      const matches = typeof match === 'function' ? match : (entry: LogEntry) => isLike(entry, match)
      const found = new Promise<LogEntry>((resolve, reject) => {
        const stop = listen((entry) => {
          if (!matches(entry)) return
          stop()
          waiters.delete(fail)
          resolve(entry)
        })
        const fail = () => {
          stop()
          reject(new Error('the fault proxy was closed first'))
        }
        waiters.add(fail)
      })
      // Whoever awaits it still gets the rejection; one who no longer does is not brought down by it.
      found.catch(ignore)
      return found
    },
    close() {
      for (const fail of waiters) fail()
      waiters.clear()
    },
  }
}

/** An entry as a line to read. */
export function describe({ at, port, connection, kind, method, path, event, ...more }: LogEntry): string {
  const status = more.status === undefined ? '' : ` ${more.status}`
  const who = `${port}#${connection}`
  return `${(at / 1000).toFixed(3)} ${who} ${kind} ${method} ${path} ${event}${status} up ${more.bytesUp} down ${more.bytesDown}`
}

function isLike(entry: LogEntry, match: Partial<LogEntry>): boolean {
  return Object.entries(match).every(([name, value]) => entry[name as keyof LogEntry] === value)
}
