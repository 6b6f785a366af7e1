import type { Computer } from './computer.ts'
import type { Dice } from './dice.ts'
import type { Node } from './node.ts'
import type { Path, Pipe } from './pipe.ts'
import { createPath, createPipe, hold } from './pipe.ts'
import type { Time } from './time.ts'

export type Kind = 'websocket' | 'stream' | 'poll' | 'post'

/** What becomes of each kind of connection that is opened, or request that is made, from now on. */
export interface Weather {
  websocket: 'pass' | 'refuse' | 'swallow' | 'cut' | 'mute' | 'flap'
  stream: 'pass' | 'refuse' | 'swallow' | 'buffer' | 'strange'
  poll: 'pass' | 'refuse' | 'swallow' | 'lose-answer'
  post: 'pass' | 'refuse' | 'swallow' | 'lose-request' | 'lose-answer' | 'twice' | 'again-late' | 'small'
}

export const clear: Weather = { websocket: 'pass', stream: 'pass', poll: 'pass', post: 'pass' }

/** How a client's computer reaches the hubs, and all that may go wrong there. */
export interface Access {
  readonly weather: Weather
  readonly up: Path
  readonly down: Path
  /** What is open, at either end. */
  readonly connections: ReadonlySet<Connection>
  /** Tells both ends, or one of them only: the other one goes on in the belief that nothing happened. */
  cut(tells: Tells): void
  /** What is open carries nothing any more in this direction, and nobody is told. */
  deaden(direction: 'up' | 'down' | 'both'): void
  heal(): void
  open(kind: Kind): Connection
}

export type Tells = 'both' | 'client' | 'server'

/** One TCP connection. */
export interface Connection {
  readonly id: number
  readonly kind: Kind
  readonly node: Node | null
  readonly up: Pipe
  readonly down: Pipe
  /** Each end as long as it holds the connection; it is told when the connection breaks. */
  client: ((code: number) => void) | null
  server: (() => void) | null
  drained: () => void
  cut(tells: Tells): void
  /** The client's end closes: the server hears of it, if anything gets through. */
  leave(): void
  /** The server's end has said all that it has to say. */
  release(): void
  /** The server's end breaks off. */
  abandon(): void
  deaden(direction: 'up' | 'down' | 'both'): void
}

export interface AccessParts {
  readonly time: Time
  readonly dice: Dice
  readonly computer: Computer
  /** The node of a new connection; null if there is none. */
  route(): Node | null
  note(text: string): void
}

export function createAccess({ time, dice, computer, route, note }: AccessParts): Access {
  const weather = { ...clear }
  const up = createPath()
  const down = createPath()
  const connections = new Set<Connection>()
  let last = 0

  function open(kind: Kind): Connection {
    const node = route()
    const toServer = createPipe(time, dice, up)
    const toClient = createPipe(time, dice, down, () => toNode(() => connection.drained()))
    const toNode = (run: () => void) => node?.computer.arrive(run)

    const forget = () => {
      if (connection.client || connection.server) return
      connections.delete(connection)
      toServer.kill()
      toClient.kill()
    }
    const tellServer = () =>
      toNode(() => {
        const { server } = connection
        connection.server = null
        server?.()
        forget()
      })
    const tellClient = (code: number) =>
      computer.arrive(() => {
        const { client } = connection
        connection.client = null
        client?.(code)
        forget()
      })

    const connection: Connection = {
      id: ++last,
      kind,
      node,
      up: toServer,
      down: toClient,
      client: null,
      server: null,
      drained: () => {},
      cut(tells) {
        note(`${kind}#${connection.id} cut, which ${tells === 'both' ? 'both ends' : `the ${tells}`} hear of`)
        connection.deaden('both')
        if (tells !== 'server') tellClient(1006)
        if (tells !== 'client') tellServer()
      },
      leave() {
        connection.client = null
        toServer.send(1, tellServer)
        toClient.kill()
        forget()
      },
      release() {
        connection.server = null
        forget()
      },
      abandon() {
        toClient.send(1, () => tellClient(1006))
        toServer.kill()
        connection.release()
      },
      deaden(direction) {
        if (direction !== 'down') toServer.kill()
        if (direction !== 'up') toClient.kill()
      },
    }
    connections.add(connection)
    note(`${kind}#${connection.id} opens${node ? ` to ${node.name}` : ', and there is no server'}`)
    return connection
  }

  return {
    weather,
    up,
    down,
    connections,
    open,
    cut(tells) {
      for (const connection of [...connections]) connection.cut(tells)
    },
    deaden(direction) {
      for (const connection of connections) connection.deaden(direction)
    },
    heal() {
      Object.assign(weather, clear)
      for (const path of [up, down]) {
        Object.assign(path, { latencyMs: 1, jitterMs: 0, bytesPerMs: 0 })
        hold(path, false)
      }
    },
  }
}
