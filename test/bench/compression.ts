/**
 * What compression costs the server, and what it saves on the wire: messages of 1.5 kB of JSON to 200 subscribers, one at a time
 * or sixteen in one turn. CPU is that of the server's whole process, threads included.
 *
 * Holdfast deflates an entry once for all; `ws` and Socket.IO, in their default way, each message for each socket, with the
 * window of what that socket has had before, which makes it smaller. Each contestant has a server and a client process of its own.
 * Clients are raw sockets that offer permessage-deflate as Chromium does, count messages by their frames, and inflate nothing.
 *
 * Memory is that of a thousand sessions more, each of which has been sent something; those of Holdfast and Socket.IO have said
 * something, too. It is measured once.
 *
 * What would fool it:
 * - payloads that repeat within a window: there are 200 of each kind, one kind in a measuring window;
 * - what holds for `test/bench/fanout.ts` as well: a busy machine, code that is not compiled yet, and clients that are dear.
 */

import { createPair, type Pair } from './compression/pair.ts'
import type { ServerName } from './compression/servers.ts'
import { measureSessions } from './compression/sessions.ts'
import type { Bench } from './harness/bench.ts'
import { bundleChildren } from './harness/child.ts'
import { interleave } from './harness/interleave.ts'
import { type Goal, report } from './harness/report.ts'
import { formatTable } from './harness/table.ts'
import { versionsOf } from './harness/versions.ts'

const clients = 200
const names: readonly ServerName[] = [
  'ws, plain',
  'ws, deflate',
  'Socket.IO, deflate',
  'Holdfast, plain',
  'Holdfast, compress',
]
const payloads = ['prices', 'chat'] as const

const goals: readonly Goal[] = payloads.flatMap((payload) => [
  { row: `Holdfast, compress, ${payload}, 1`, figure: 'cpu', to: `ws, deflate, ${payload}, 1`, atMost: 0.2 },
  { row: `Holdfast, compress, ${payload}, 1`, figure: 'cpu', to: `ws, plain, ${payload}, 1`, atMost: 1.1 },
  { row: `Holdfast, compress, ${payload}, 1`, figure: 'bytes', to: `ws, plain, ${payload}, 1`, atMost: 0.5 },
])

export const bench: Bench = {
  async run({ quick }) {
    const options = quick ? { rounds: 3, warmups: 1, windowMs: 200 } : { rounds: 9, warmups: 2, windowMs: 700 }
    const files = await bundleChildren({ server: 'compression/server-main.ts', clients: 'compression/clients-main.ts' })
    const pairs: Pair[] = []
    try {
      const tasks = []
      for (const name of names) {
        const pair = await createPair(files, { name, clients })
        pairs.push(pair)
        for (const payload of payloads)
          for (const inFlight of [1, 16]) {
            const run = () => pair.send({ windowMs: options.windowMs, inFlight, payload })
            tasks.push({ name: `${name}, ${payload}, ${inFlight}`, run })
          }
      }
      const samples = await interleave(tasks, options)
      const columns = [
        { figure: 'cpu', head: 'CPU µs/delivery', digits: 2 },
        { figure: 'bytes', head: 'bytes/delivery', digits: 0 },
      ]
      const yardstick = (row: string) => `ws, plain, ${row.split(', ').slice(2).join(', ')}`
      const { text, rows, missed } = report(samples, columns, goals, yardstick)
      const sessions = []
      for (const name of names) sessions.push(await measureSessions(files, name))
      const cells = sessions.map(({ name, rss, heap, heard }) => [
        name,
        `${rss}`,
        `${heap}`,
        heard > 0 ? `${heard}` : '',
      ])
      const sessionsText = formatTable(['a session', 'rss kB', 'heap kB', 'CPU µs/message from it'], cells)
      const title = `${clients} subscribers, 1.5 kB; after each name: the payload, and messages in flight`
      const versions = versionsOf('ws', 'socket.io', 'express')
      return {
        text: `${title}\n\n${text}\n\n${sessionsText}`,
        figures: { ...options, clients, versions, rows, sessions },
        missed,
      }
    } finally {
      await Promise.all(pairs.map((pair) => pair.stop()))
    }
  },
}
