import { type Connection, type CoreOptions, connect } from '@holdfast/client/core'
import { afterEach, expect } from 'vitest'
import { createFakeClock } from '../server/clock.ts'
import { type Script, scripted } from './scripted.ts'

const connections: Connection[] = []
let present: ReturnType<typeof createFakeClock>
afterEach(async () => {
  const closed = Promise.all(connections.splice(0).map((connection) => connection.close()))
  await present.pass(5_000)
  await closed
  expect(present.timers, 'timers left behind').toBe(0)
})

/** The clock of the connection that was started last. */
export const time = { pass: (ms: number): Promise<void> => present.pass(ms) }

/** A connection over scripted transports; `path` is every state it has been in, with the time since it was made. */
export function start(scripts: Record<string, Script[]>, options: Partial<CoreOptions> = {}) {
  present = createFakeClock(1_000_000)
  const { clock } = present
  const used = Object.entries(scripts).map(([name, list]) => [name, scripted(name, clock, ...list)] as const)
  const connection = connect('http://hub.test/realtime', {
    transports: used.map(([, one]) => one.transport),
    clock,
    random: () => 0.5,
    page: null,
    storage: null,
    ...options,
  })
  connections.push(connection)
  const path: string[] = []
  const begin = clock.now()
  connection.state$.subscribe(({ state, transport }) => {
    const now = `${state}${transport ? ` ${transport}` : ''}`
    // A change of gauges alone is none of the machine's.
    if (!path.at(-1)?.endsWith(` ${now}`)) path.push(`${clock.now() - begin} ${now}`)
  })
  const transports = Object.fromEntries(used)
  return { connection, path, ...transports } as { connection: Connection; path: string[] } & Record<
    string,
    ReturnType<typeof scripted>
  >
}
