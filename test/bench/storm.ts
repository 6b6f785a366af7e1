/**
 * The storm after a restart: 2,000 clients, half on WebSocket and half on SSE (with Socket.IO: half on polling), whose server is
 * killed, and back on the same port two seconds later, without any memory. Each client has to hear what the new server has, told
 * one gap before it. Measured from the moment when the new server listens: until a client has heard it (median, 99th percentile,
 * the last), and what the server's busiest second and its event loop's delay are until then. Beside Socket.IO with
 * `connectionStateRecovery`, whose server sends to each that connects; there nobody is told a gap.
 *
 * What would fool it:
 * - 2,000 clients in two processes on two cores: what keeps them busy keeps them away, and the server waits for a core as well.
 *   The event loop's delay is of wall-clock time, so a machine with other work shows as delay;
 * - clients that know their transport: no client has to find out which one works, as browsers have not either after a restart;
 * - a server that was just started: nothing of it is compiled, as after a restart.
 */
import type { Bench } from './harness/bench.ts'
import { bundleChildren, startChild } from './harness/child.ts'
import { interleave } from './harness/interleave.ts'
import { type Goal, report } from './harness/report.ts'
import { summarize } from './harness/stats.ts'
import { versionsOf } from './harness/versions.ts'
import type { Back, Opening } from './storm/clients.ts'
import type { Load } from './storm/server.ts'

const names = ['Holdfast', 'Socket.IO'] as const
const downMs = 2_000
const patienceMs = 20_000
const processes = 2

const goals: readonly Goal[] = [
  { row: 'Holdfast', figure: 'missing', atMost: 0 },
  { row: 'Holdfast', figure: 'notOneGap', atMost: 0 },
  { row: 'Holdfast', figure: 'wrong', atMost: 0 },
  { row: 'Holdfast', figure: 'last', atMost: 10_000 },
  { row: 'Holdfast', figure: 'delayP99', atMost: 100 },
]

const columns = [
  ['median', 'median ms'],
  ['p99', 'p99'],
  ['last', 'last'],
  ['missing', 'missing'],
  ['notOneGap', 'not one gap'],
  ['wrong', 'wrong'],
  ['busiestSecond', 'busiest s: CPU ms'],
  ['delayP99', 'loop p99 ms'],
  ['delayMax', 'loop max ms'],
].map(([figure = '', head = '']) => ({ figure, head, digits: 0 }))

export const bench: Bench = {
  async run({ quick }) {
    const options = quick ? { rounds: 1, warmups: 0, clients: 600 } : { rounds: 5, warmups: 0, clients: 2_000 }
    const files = await bundleChildren({ stormServer: 'storm/server.ts', stormClients: 'storm/clients.ts' })
    const tasks = names.map((name) => ({ name, run: () => once(files, name, options.clients) }))
    const samples = await interleave(tasks, options)
    const { text, rows, missed } = report(samples, columns, goals)
    const versions = versionsOf('ws', 'express', 'socket.io', 'rxjs', 'xstate')
    return { text: `${options.clients} clients\n\n${text}`, figures: { ...options, downMs, versions, rows }, missed }
  },
}

async function once(
  files: Record<'stormServer' | 'stormClients', string>,
  name: (typeof names)[number],
  count: number,
): Promise<Record<string, number>> {
  const start = () => startChild(files.stormServer, [name])
  let server = start()
  const clients = Array.from({ length: processes }, () => startChild(files.stormClients, [name]))
  try {
    const port = await server.ask<number>('start', 0)
    const opening: Opening = { name, port, count: count / processes }
    await Promise.all(clients.map((child) => child.ask('open', opening)))
    await server.stop('SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, downMs))
    server = start()
    await server.ask('start', port)
    const startedAt = Date.now()
    const all = await Promise.all(clients.map((child) => child.ask<Back>('back', patienceMs)))
    const load = await server.ask<Load>('load')
    const took = all.flatMap(({ at }) => at.map((time) => time - startedAt)).sort((a, b) => a - b)
    return {
      median: summarize(took).median,
      p99: took[Math.ceil(took.length * 0.99) - 1] ?? Number.NaN,
      last: took.at(-1) ?? Number.NaN,
      missing: count - took.length,
      notOneGap: count - all.reduce((total, { gaps }) => total + gaps.one, 0),
      wrong: all.reduce((total, { wrong }) => total + wrong, 0),
      ...load,
    }
  } finally {
    await Promise.all([...clients, server].map((child) => child.stop()))
  }
}
