import { createPair, type Join } from './memory-pair.ts'
import type { Transport } from './transport.ts'
import { type WebSocketClass, type WebSocketLike, websocket } from './websocket.ts'

type Headers = Readonly<Record<string, string | undefined>>

/** What of a hub is used; every hub of `@holdfast/server` has it. */
export interface MemoryHub {
  accept(upgrade: { headers: Headers; address: undefined; protocols: readonly string[]; open: Join }): void
}

export interface MemoryTransport extends Transport {
  /** While it is true there is no network: new links are refused. What is open stays, see `cut`. */
  down: boolean
  /** Cuts what is open, without a word to either side; what was on its way is lost. Answers how many there were. */
  cut(): number
}

/**
 * Connects a client with a hub of the same process, without any network: for tests. What is sent arrives in order, in later
 * microtasks, with real timers and with fake ones.
 *
 * @example
 * const hub = createHub({ authorize: () => true })
 * const network = memory(hub)
 * const connection = connect('http://test', { transports: [network] })
 * connection.topic('news').subscribe(show)
 * network.cut() // the connection comes back by itself, and `show` misses nothing
 * network.down = true // new links are refused until this is false again
 *
 * @param hub or a function that is asked for it at each new link, to test what a restart does
 * @param options `headers`: what `authenticate` gets to see, a cookie for example; names in lower case
 */
export function memory(hub: MemoryHub | (() => MemoryHub), options: { headers?: Headers } = {}): MemoryTransport {
  const pairs = new Set<ReturnType<typeof createPair>>()

  function open(_url: string, protocols: string[]): WebSocketLike {
    const pair = createPair(() => pairs.delete(pair))
    pairs.add(pair)
    if (transport.down) pair.cut()
    else {
      const to = typeof hub === 'function' ? hub() : hub
      to.accept({ headers: options.headers ?? {}, address: undefined, protocols, open: pair.join })
    }
    return pair.socket
  }

  const transport: MemoryTransport = {
    // A function that answers an object may be called with `new`, and answers that object.
    ...websocket(open as unknown as WebSocketClass),
    name: 'memory',
    down: false,
    cut() {
      const { size } = pairs
      for (const { cut } of [...pairs]) cut()
      return size
    },
  }
  return transport
}
