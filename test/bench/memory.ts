/**
 * What an idle session costs the server: RSS and heap for each of 5,000 connections with one subscription, after collections,
 * beside bare `ws`, bare SSE and Socket.IO; and what it consists of, by heap snapshots. Each try has a fresh server; what it takes with 200 connections is taken off, so
 * that modules, compiled code and the first tables do not count. Between the last connection and the measurement some seconds
 * pass: heartbeats and acknowledgements of all sessions are in it.
 *
 * What would fool it:
 * - RSS is what the system has given and not got back: the garbage of 5,000 handshakes is in it as far as V8 and malloc keep its
 *   pages. Most of it is the young generation, which V8 lets grow to 16 MiB a half when much survives: with sessions as lean as
 *   the yardstick's it does so in some tries only, and those take twice the memory of the others. So it is of one size in all
 *   processes, first that one (RSS), then 1 MiB (kept), where little is left but what stays;
 * - what the kernel keeps for a socket is in neither;
 * - the raw clients of SSE acknowledge over four connections for all; a browser has one or two of its own for this, which come
 *   and go.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RawName } from './clients/kinds.ts'
import type { Opening } from './clients/main.ts'
import type { Bench } from './harness/bench.ts'
import { bundleChildren, startChild } from './harness/child.ts'
import { type Kept, keptBetween } from './harness/heap.ts'
import { interleave } from './harness/interleave.ts'
import type { Memory } from './harness/memory.ts'
import { type Goal, report } from './harness/report.ts'
import { formatTable } from './harness/table.ts'
import { versionsOf } from './harness/versions.ts'
import type { Ports } from './servers/turns.ts'

const names: readonly RawName[] = ['ws send', 'Holdfast ws', 'Socket.IO', 'SSE write', 'Holdfast SSE']
const counted = ['ws send', 'Holdfast ws', 'SSE write', 'Holdfast SSE'] as const satisfies readonly RawName[]
const first = 200

const goals: readonly Goal[] = [
  { row: 'Holdfast ws', figure: 'rss', to: 'ws send', atMost: 1.3 },
  { row: 'Holdfast ws', figure: 'heap', atMost: 5.3 },
  { row: 'Holdfast SSE', figure: 'rss', to: 'SSE write', atMost: 1.2 },
]

/** In MiB, of each half of V8's young generation. */
const youngMiBs = { most: 16, least: 1 } as const

export const bench: Bench = {
  async run({ quick }) {
    const options = quick
      ? { rounds: 1, warmups: 0, sessions: 2_000, idleMs: 1_000 }
      : { rounds: 5, warmups: 0, sessions: 5_000, idleMs: 6_000 }
    const files = await bundleChildren({ server: 'servers/main.ts', clients: 'clients/main.ts' })
    const tasks = names.map((name) => ({
      name,
      run: async () => {
        const { rss } = await once(files, name, youngMiBs.most, options)
        const { rss: kept, heap } = await once(files, name, youngMiBs.least, options)
        return { rss, kept, heap }
      },
    }))
    const samples = await interleave(tasks, options)
    const columns = [
      { figure: 'rss', head: 'RSS KiB', digits: 1 },
      { figure: 'kept', head: 'kept KiB', digits: 1 },
      { figure: 'heap', head: 'heap KiB', digits: 2 },
    ]
    const { text, rows, missed } = report(samples, columns, goals, (row) =>
      row.includes('SSE') ? 'SSE write' : 'ws send',
    )
    const versions = versionsOf('ws', 'express', 'socket.io')
    const kept: Record<string, Kept[]> = {}
    for (const name of counted) kept[name] = await keep(files, name)
    const tables = Object.entries(kept).map(([name, all]) => keptTable(name, all))
    return {
      text: [`a session, of ${options.sessions}`, text, ...tables].join('\n\n'),
      figures: { ...options, versions, rows, kept },
      missed,
    }
  },
}

async function once(
  files: Record<'server' | 'clients', string>,
  name: RawName,
  youngMiB: number,
  { sessions, idleMs }: { sessions: number; idleMs: number },
): Promise<{ rss: number; heap: number }> {
  const sized = [`--min-semi-space-size=${youngMiB}`, `--max-semi-space-size=${youngMiB}`]
  const server = startChild(files.server, [name], ['--expose-gc', ...sized])
  const client = startChild(files.clients, [name])
  try {
    const ports = await server.ask<Ports>('start')
    const open = (clients: number) => client.ask('open', { ...ports, name, clients, topics: 1 } satisfies Opening)
    await open(first)
    const before = await server.ask<Memory>('memory')
    await open(first + sessions)
    await new Promise((resolve) => setTimeout(resolve, idleMs))
    const after = await server.ask<Memory>('memory')
    const each = (figure: keyof Memory) => (after[figure] - before[figure]) / sessions / 1_024
    return { rss: each('rss'), heap: each('heap') }
  } finally {
    await client.stop()
    await server.stop()
  }
}

/** What a session keeps, kind by kind. */
async function keep(files: Record<'server' | 'clients', string>, name: RawName): Promise<Kept[]> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-heap-'))
  const sessions = 500
  const server = startChild(files.server, [name], ['--expose-gc'])
  const client = startChild(files.clients, [name])
  try {
    const ports = await server.ask<Ports>('start')
    const open = (clients: number) => client.ask('open', { ...ports, name, clients, topics: 1 } satisfies Opening)
    const [before, after] = [join(dir, 'before.heapsnapshot'), join(dir, 'after.heapsnapshot')]
    await open(first)
    await server.ask('snapshot', before)
    await open(first + sessions)
    await server.ask('snapshot', after)
    return keptBetween(before, after, sessions).filter(({ kind, bytes }) => bytes >= 8 && kind !== 'code')
  } finally {
    await client.stop()
    await server.stop()
    rmSync(dir, { recursive: true })
  }
}

function keptTable(name: string, kept: readonly Kept[]): string {
  const rows = kept.map(({ kind, count, bytes }) => [kind, count.toFixed(1), bytes.toFixed(0)])
  const total = kept.reduce((sum, { bytes }) => sum + bytes, 0)
  return formatTable([`${name}: a session keeps`, 'objects', 'bytes'], [...rows, ['in all', '', total.toFixed(0)]])
}
