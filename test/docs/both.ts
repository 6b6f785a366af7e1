import type { Connection, ConnectOptions } from '@holdfast/client'
import type { HubOptions } from '@holdfast/server'
import { afterAll, expect, type TestContext, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { FaultProxy } from '../support/fault-proxy/index.ts'
import { connectTo, createWorld, open, type World } from '../support/world.ts'
import { createBrowserSockets, createOldWorld, type OldWorld } from './old-world.ts'

// The machine may be busy: what is awaited comes, and how soon is not the matter here.
vi.setConfig({ testTimeout: 60_000 })

/** What both sides of a comparison need; whatever is made by it is closed after its test. */
export interface Both {
  oldWorld(...prepare: Parameters<typeof createOldWorld>): Promise<OldWorld>
  newWorld(options?: HubOptions): Promise<World>
  /** A client of Holdfast behind that port. */
  connect(port: FaultProxy, options?: ConnectOptions): Connection
  /** To be closed after the test. */
  closing(close: () => unknown): void
}

/** Looks again and again, for as long as a busy machine may need. */
export const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 10 })

/** The address for old code. */
export const socketUrl = ({ url }: FaultProxy): string => url.replace('http', 'ws')

/** The network of this port dies, and nobody notices while `unnoticed` runs; then its connections break. */
export async function die(port: FaultProxy, unnoticed: () => unknown): Promise<void> {
  port.stall()
  await unnoticed()
  port.cut()
}

/** @param test each cleans up after itself, so that all of a file may run at once */
export function createBoth(test: Pick<TestContext, 'onTestFinished'>): Both {
  const closings: (() => unknown)[] = []
  test.onTestFinished(async () => {
    for (const close of closings.reverse()) await close()
  })
  const closing = (close: () => unknown) => void closings.push(close)
  const closed = <W extends { close(): unknown }>(world: W): W => {
    closing(() => world.close())
    return world
  }
  return {
    closing,
    oldWorld: async (...prepare) => closed(await createOldWorld(...prepare)),
    newWorld: async (options = open) => closed(await createWorld(options)),
    connect: (port, options) => closed(connectTo(`${port.url}/realtime`, options)),
  }
}

/** For a file of tests: `WebSocket` is as browsers have it. Answers how the nth socket that was opened to a port, from 1, gets into a state. */
export function stubBrowserSockets() {
  const sockets = createBrowserSockets()
  vi.stubGlobal('WebSocket', sockets.class)
  afterAll(sockets.end)
  return (port: FaultProxy, nth: number, readyState: number = WebSocket.OPEN): Promise<void> =>
    until(() => expect(sockets.to(port)[nth - 1]?.readyState).toBe(readyState))
}
