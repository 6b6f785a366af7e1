/**
 * How long it takes from `connect()` to the first application message when the WebSocket is broken in one way or another,
 * at 0 and at 50 ms of latency each way, beside a bare `ws` client and a bare SSE request in the same run.
 *
 * A try is one new connection through the fault proxy to a hub that has an entry in a topic; it ends in the callback of
 * the subscriber. The first message must have come by the transport that the row is about, otherwise the try fails: it is
 * left out and named below the table, and more than one in ten fail the row.
 *
 * A goal of the table counts as met if the median is at most the goal plus, for each transport that is opened one after the
 * other on the way, what this run's bare figure is above the ideal (204 ms at 50, 3 ms at 0): on a busy machine everything
 * takes longer, but a timer of 200 ms does not take twice as long because opening a socket does, so it is added rather than
 * multiplied; and a machine that is faster than ideal earns nobody a stricter goal. `healthy` is compared with the bare
 * WebSocket beside it: at most 1.10 times as long at 50 ms, at most 3 ms more at 0 ms.
 *
 * What would fool it:
 * - fetch keeps connections alive, and the second try would save a round trip: each try has a proxy port of its own;
 * - modules that are loaded and code that is compiled in the first dozens of tries: there are warm-up rounds;
 * - few tries: at 0 ms, where a pause of the garbage collector is longer than the row, the median of three (`--quick`) may
 *   miss a goal that the median of fifteen meets;
 * - a machine that is busy for a while: all rows and yardsticks take turns, and rounds begin at different rows;
 * - what an earlier try left behind: each try waits until its connection and its proxy are closed;
 * - client, proxy and server share one process, and thus one thread. Measured with the latter two in a process of their own,
 *   12 tries each: at 50 ms every row within 2 ms of this; at 0 ms up to 5 ms slower on two busy cores, since each hop then
 *   waits to be scheduled. So one process it is, which says more about the code and less about the machine;
 * - the first retry after a loss has a random pause of up to 100 ms: the spread of that row is its nature.
 */
import { createRequire } from 'node:module'
import { bareSse, bareWebSocket } from './fallback/bare.ts'
import { rows } from './fallback/rows.ts'
import { judge, latencies } from './fallback/verdict.ts'
import { createWorld, type World } from './fallback/world.ts'
import type { Bench } from './harness/bench.ts'
import { interleave, type Task } from './harness/interleave.ts'
import { formatTable } from './harness/table.ts'

const bare: Record<string, (world: World, latencyMs: number) => Promise<number>> = {
  'bare WebSocket': bareWebSocket,
  'bare SSE request': bareSse,
}

function tasks(world: World): Task[] {
  const yardsticks = (latencyMs: number) =>
    Object.entries(bare).map(([name, run]) => ({
      name: `${name} ${latencyMs}`,
      run: async () => ({ firstMessage: await run(world, latencyMs) }),
    }))
  const ours = (latencyMs: number) =>
    rows.map(({ name, run }) => ({ name: `${name} ${latencyMs}`, run: () => run(world, latencyMs) }))
  return latencies.flatMap((latencyMs) => [...yardsticks(latencyMs), ...ours(latencyMs)])
}

const version = (name: string): string => createRequire(import.meta.url)(`${name}/package.json`).version

export const bench: Bench = {
  async run({ quick }) {
    const options = quick ? { rounds: 3, warmups: 1 } : { rounds: 15, warmups: 2 }
    const world = await createWorld()
    const all = tasks(world)
    // Code is compiled step by step over dozens of tries; at 0 ms they take no time.
    const brief = all.filter(({ name }) => /^(bare .*|healthy|refused: \d+) 0$/.test(name))
    const samples = await interleave(brief, { rounds: 40, warmups: 0 })
      .then(() => interleave(all, options))
      .finally(() => world.close())
    const { lines, missed, notes } = judge(Object.keys(bare), rows, samples)
    const head = ['row', 'each way', 'goal', 'allowed', 'median', 'p95', 'x bare ws', 'verdict']
    const cells = lines.map((line) => [
      line.name,
      `${line.latencyMs} ms`,
      line.goal?.toString() ?? '-',
      line.allowed?.toFixed(1) ?? '-',
      line.median.toFixed(1),
      line.p95.toFixed(1),
      line.ratio.toFixed(2),
      line.verdict,
    ])
    const versions = { ws: version('ws'), rxjs: version('rxjs'), xstate: version('xstate') }
    const title = `ms from connect() to the first message, ${options.rounds} tries each`
    return {
      text: [title, formatTable(head, cells), ...notes].join('\n\n'),
      figures: { ...options, versions, rows: lines },
      missed,
    }
  },
}
