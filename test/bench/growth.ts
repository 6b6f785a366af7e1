/**
 * What grows: the cost of a delivery with the number of subscribers and of topics, always beside bare `ws` (frame encoded once)
 * with as many, which grows dearer too; and the heap after 10,000 topics came and went. One message is in flight.
 *
 * Subscribers: 100 and 5,000, on one topic. Topics: 500 subscribers, and messages to the topics in turn, 500 deliveries a turn: one
 * topic that all have, 100 that five have each, and 10,000 of which each client has a hundred. The yardstick keeps its sockets
 * in an array for each topic. One publish is thus for 500 subscribers with one topic and for five with more, so that there are
 * two goals: between 1 and 10,000, where a publish's own cost comes upon five deliveries instead of 500; and between 100 and
 * 10,000, where a publish is for five in both, and what differs is the number of topics alone. (One topic with five
 * subscribers cannot stand for the 100: a turn's 100 publishes to it would leave in one write for each.)
 *
 * Heap: each topic has a subscriber and a message, and goes when its history has aged; measured after collections, when hub and
 * broker say that they have let go, beside what it was after the same had happened once before.
 *
 * What would fool it, beside what fools `fanout`: 5,000 sockets are more than the caches hold, for everybody.
 */

import { createPair, type Pair } from './fanout/pair.ts'
import type { Heap } from './growth/heap.ts'
import type { Bench } from './harness/bench.ts'
import { bundleChildren, startChild } from './harness/child.ts'
import { interleave, type Samples, type Task } from './harness/interleave.ts'
import { report } from './harness/report.ts'

type Files = Record<'server' | 'clients' | 'heap', string>
interface Load {
  readonly clients: number
  readonly topics: number
}

const subscribers: readonly Load[] = [100, 5_000].map((clients) => ({ clients, topics: 1 }))
const topics: readonly Load[] = [1, 100, 10_000].map((count) => ({ clients: 500, topics: count }))
const names = { bare: 'ws encoded', ours: 'Holdfast ws' } as const
const rowOf = (name: string, { clients, topics: count }: Load) => `${name}, ${clients} clients, ${count} topics`

export const bench: Bench = {
  async run({ quick }) {
    const options = quick ? { rounds: 5, warmups: 2, windowMs: 250 } : { rounds: 15, warmups: 3, windowMs: 1_500 }
    const files = await bundleChildren({
      server: 'servers/main.ts',
      clients: 'clients/main.ts',
      heap: 'growth/heap.ts',
    })
    const samples = new Map<string, Samples>()
    for (const loads of [subscribers, topics])
      for (const [row, of] of await measure(files, loads, options)) samples.set(row, of)
    const derived = [
      { row: 'cost at 5,000 subscribers : at 100', small: subscribers[0], large: subscribers[1] },
      { row: 'cost with 10,000 topics : with 1', small: topics[0], large: topics[2] },
      { row: 'cost with 10,000 topics : with 100, five subscribers each', small: topics[1], large: topics[2] },
    ]
    for (const { row, small, large } of derived) {
      const [less, more] = [ratios(samples, small as Load), ratios(samples, large as Load)]
      samples.set(
        row,
        one(
          'growth',
          more.map((ratio, round) => ratio / (less[round] ?? Number.NaN)),
        ),
      )
    }
    const heap = await heapOf(files)
    samples.set('heap after 10,000 topics : before', one('growth', [heap.after / heap.before]))
    const { text, rows, missed } = report(
      samples,
      [
        { figure: 'cpu', head: 'CPU s/million', digits: 2 },
        { figure: 'perSecond', head: 'deliveries/s', digits: 0 },
        { figure: 'growth', head: 'growth', digits: 3 },
      ],
      [
        { row: 'cost at 5,000 subscribers : at 100', figure: 'growth', atMost: 1.1 },
        { row: 'cost with 10,000 topics : with 1', figure: 'growth', atMost: 1.1 },
        { row: 'cost with 10,000 topics : with 100, five subscribers each', figure: 'growth', atMost: 1.1 },
        { row: 'heap after 10,000 topics : before', figure: 'growth', atMost: 1.05 },
      ],
      (row) => (row.startsWith('Holdfast') ? row.replace(names.ours, names.bare) : null),
    )
    return { text, figures: { ...options, heap, rows }, missed }
  },
}

async function measure(
  files: Files,
  loads: readonly Load[],
  { windowMs, ...options }: { rounds: number; warmups: number; windowMs: number },
): Promise<Map<string, Samples>> {
  const pairs: Pair[] = []
  const tasks: Task[] = []
  try {
    for (const load of loads)
      for (const name of [names.bare, names.ours]) {
        const pair = await createPair(files, { name, ...load })
        pairs.push(pair)
        tasks.push({
          name: rowOf(name, load),
          run: async () => ({ ...(await pair.fanOut({ windowMs, inFlight: 1 })) }),
        })
      }
    return await interleave(tasks, options)
  } finally {
    await Promise.all(pairs.map((pair) => pair.stop()))
  }
}

/** Of our cost to the bare one's, round by round. */
function ratios(samples: ReadonlyMap<string, Samples>, load: Load): number[] {
  const of = (name: string) => samples.get(rowOf(name, load))?.figures.get('cpu') ?? []
  const bare = of(names.bare)
  return of(names.ours).map((value, round) => value / (bare[round] ?? Number.NaN))
}

async function heapOf({ heap }: Files): Promise<Heap> {
  const child = startChild(heap, [], ['--expose-gc'])
  try {
    return await child.ask<Heap>('comeAndGo', 10_000)
  } finally {
    await child.stop()
  }
}

const one = (figure: string, values: number[]): Samples => ({ figures: new Map([[figure, values]]), failures: [] })
