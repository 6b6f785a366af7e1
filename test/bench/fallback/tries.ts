/** What one try of Holdfast does, each on a network of its own. */
import { type Connection, connect } from '@holdfast/client'
import { filter, firstValueFrom, map, type Observable, pairwise, share, skip, timeout } from 'rxjs'
import { WebSocket } from 'ws'
import type { FaultProxy, Faults } from '../../support/fault-proxy/index.ts'
import type { World } from './world.ts'

type Fault = Partial<Faults>
type TransportName = 'websocket' | 'sse' | 'poll'
type Storage = { getItem(): string | null; setItem(key: string, value: string): void }

const patienceMs = 15_000

const first = <T>(source: Observable<T>): Promise<T> => firstValueFrom(source.pipe(timeout(patienceMs)))

async function on<T>(
  world: World,
  fault: Fault,
  storage: Storage | null,
  use: (connection: Connection, network: FaultProxy, startedAt: number) => Promise<T>,
): Promise<T> {
  const network = await world.network(fault)
  const startedAt = performance.now()
  const connection = connect(`${network.url}/realtime`, { WebSocket, storage })
  try {
    return await use(connection, network, startedAt)
  } finally {
    // The goodbye need not take the network's time; but nothing of this try is left when the next one begins.
    network.heal()
    await connection.close()
    await network.close()
  }
}

/** A row whose first message came by another transport than it says would measure something else. */
function expectTransport(connection: Connection, expected: TransportName): void {
  const { transport } = connection.getState()
  if (transport !== expected) throw new Error(`on ${transport} instead of ${expected}`)
}

const news = (connection: Connection) => connection.topic('news', { from: { last: 1 } })

/** From `connect()` to the first message. */
export function connecting(world: World, fault: Fault, expected: TransportName, storage: Storage | null = null) {
  return on(world, fault, storage, async (connection, _, startedAt) => {
    await first(news(connection))
    const firstMessage = performance.now() - startedAt
    expectTransport(connection, expected)
    return { firstMessage }
  })
}

/** The same with what an earlier, unmeasured connection has left in the storage. */
export async function connectingAgain(world: World, fault: Fault, expected: TransportName) {
  let remembered: string | null = null
  // One slot, whatever the key: this network has another port each time.
  const storage: Storage = {
    getItem: () => remembered,
    setItem: (_key, value) => {
      remembered = value
    },
  }
  await connecting(world, fault, expected, storage)
  return connecting(world, fault, expected, storage)
}

/** From a cut of everything, after which the WebSocket is swallowed, to the next message. */
export function cutInMidSession(world: World, latencyMs: number) {
  return on(world, { latencyMs }, null, async (connection, network) => {
    const stop = world.tick(5)
    const numbers = connection.topic<{ n: number }>('ticks').pipe(
      map(({ n }) => n),
      share(),
    )
    const subscription = numbers.pipe(pairwise()).subscribe(([last, n]) => {
      if (n !== last + 1) lost ??= `${n} came after ${last}`
    })
    let lost: string | null = null
    try {
      await first(numbers.pipe(skip(20)))
      expectTransport(connection, 'websocket')
      network.set({ websocket: 'swallow' })
      // What the kernel has received already may still be read after the cut: only what the next transport brings counts.
      const next = first(numbers.pipe(filter(() => connection.getState().transport === 'sse')))
      const cutAt = performance.now()
      network.cut()
      await next
      const nextMessage = performance.now() - cutAt
      if (lost) throw new Error(lost)
      return { nextMessage }
    } finally {
      subscription.unsubscribe()
      stop()
    }
  })
}

/** A WebSocket handshake that takes a second: the first message, and when the connection is where it belongs. */
export function slowButFine(world: World, latencyMs: number) {
  return on(world, { latencyMs, websocket: { delayMs: 1_000 } }, null, async (connection, _, startedAt) => {
    const onWebSocket = first(connection.state$.pipe(filter(({ transport }) => transport === 'websocket')))
    const climbed = onWebSocket.then(() => performance.now() - startedAt)
    climbed.catch(() => {})
    await first(news(connection))
    const firstMessage = performance.now() - startedAt
    expectTransport(connection, 'sse')
    return { firstMessage, onWebSocket: await climbed }
  })
}
