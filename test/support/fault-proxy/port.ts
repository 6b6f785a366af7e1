import { createServer, type Socket } from 'node:net'
import { createCase } from './case.ts'
import { type Connection, createConnection } from './connection.ts'
import { changeFaults, type Faults, noFaults, rulesOf } from './faults.ts'
import type { RequestHead } from './http-head.ts'
import { createRecorder, type LogEntry, type Stats } from './record.ts'
import { checkRules, type Direction, isOn, type Kind, type On, type Rule } from './rules.ts'
import { ignore } from './sockets.ts'

export interface Address {
  host: string
  port: number
}

export interface CutOptions {
  transport?: On
  /** `reset` (RST) by default; `end` is a FIN. */
  how?: 'reset' | 'end'
  /** Who hears of it, both by default. The other side is left half-open until `heal()` or `resume()`. */
  notice?: 'client' | 'server' | 'both'
}

export interface StallOptions {
  transport?: On
  direction?: Direction | 'both'
}

export interface OpenOptions {
  /** Any free one by default. */
  port?: number
  rules?: readonly Rule[]
  /** Default: that of the port which opens it. */
  random?: () => number
}

/**
 * A port on which clients come in, and the network behind it. What is done to it (rules, faults, heal, cut, stall, resume,
 * close) is done to the ports that it has opened too, and its log has theirs; `stats` are its own.
 */
export interface FaultProxy {
  /** Empty for the first one. */
  readonly name: string
  readonly port: number
  readonly url: string
  /** Another port to the same target. Its own rules come before those of this one. */
  open(name: string, options?: OpenOptions): Promise<FaultProxy>
  /** All that hold here, in order. */
  readonly rules: readonly Rule[]
  /** Replaces the rules given so, for what is open as well; throws a TypeError on what is no rule. */
  use(rules: readonly Rule[]): void
  readonly faults: Readonly<Faults>
  /** Replaces the named faults, each of which stands for rules that come after those of `use`. */
  set(change: Partial<Faults>): void
  /** Back to no rules and no faults; what was stalled goes on. */
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

export interface PortOptions {
  name: string
  target: () => Address
  /** Any free one by default. */
  port: number
  random: () => number
  kindOf: (request: RequestHead) => Kind
  /** Rules that come after the port's own. */
  shared: () => readonly Rule[]
  onEntry: (entry: LogEntry) => void
}

const host = '127.0.0.1'
const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0)

/** `rulesChanged`: the shared ones have. */
type OpenPort = FaultProxy & { rulesChanged(): void }

export async function createPort(options: PortOptions): Promise<OpenPort> {
  const { name, shared, onEntry } = options
  const connections = new Set<Connection>()
  const opened = new Set<OpenPort>()
  const recorder = createRecorder(name, onEntry)
  const { log, stats, listen, next } = recorder
  let used: readonly Rule[] = []
  let faults: Readonly<Faults> = noFaults
  let rules: readonly Rule[] = shared()
  let closing: Promise<unknown> | null = null
  let onEmpty: (() => void) | null = null

  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, () => {
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
    const own = { ...options, port: name, connection: stats.connections, rules: () => rules }
    const first = createCase(own, null)
    if (closing || first.find('cut') || first.find('refuse')?.status === 'reset') {
      client.on('error', ignore)
      client.resetAndDestroy()
      return
    }
    const connection = createConnection({
      ...own,
      client,
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

  function rulesChanged(): void {
    const same = new Map(rules.map((rule) => [JSON.stringify(rule), rule]))
    // One that stays is the same rule: what was drawn for it holds.
    rules = [...used, ...rulesOf(faults), ...shared()].map((rule) => same.get(JSON.stringify(rule)) ?? rule)
    for (const connection of [...connections]) connection.rulesChanged()
    for (const port of opened) port.rulesChanged()
  }

  function select(transport: On | undefined): Connection[] {
    return [...connections].filter(({ carries }) => isOn(transport, carries ?? 'other'))
  }

  function resume(): void {
    for (const connection of [...connections]) connection.resume()
    for (const port of opened) port.resume()
  }

  async function open(child: string, { port = 0, rules: own = [], random = options.random }: OpenOptions = {}) {
    const shared = () => rules
    const made = await createPort({ ...options, name: child, port, random, shared, onEntry: recorder.add })
    opened.add(made)
    made.use(own)
    return made
  }

  function closeAll(): Promise<unknown> {
    const unbound = new Promise((resolve) => server.close(resolve))
    const empty = new Promise<void>((resolve) => {
      if (connections.size === 0) resolve()
      else onEmpty = resolve
    })
    for (const connection of [...connections]) connection.destroy()
    recorder.close()
    return Promise.all([unbound, empty, ...[...opened].map((port) => port.close())])
  }

  return {
    name,
    port,
    open,
    url: `http://${host}:${port}`,
    get rules() {
      return rules
    },
    use(given) {
      used = checkRules(given)
      rulesChanged()
    },
    get faults() {
      return faults
    },
    set(change) {
      faults = changeFaults(faults, change)
      rulesChanged()
    },
    heal() {
      for (const port of opened) port.heal()
      used = []
      faults = noFaults
      rulesChanged()
      resume()
    },
    cut(how = {}) {
      const chosen = select(how.transport)
      for (const connection of chosen) connection.cut(how.how ?? 'reset', how.notice ?? 'both')
      return chosen.length + sum([...opened].map((port) => port.cut(how)))
    },
    stall(how = {}) {
      const chosen = select(how.transport)
      for (const connection of chosen) connection.stall(how.direction ?? 'both')
      return chosen.length + sum([...opened].map((port) => port.stall(how)))
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
    rulesChanged,
  }
}
