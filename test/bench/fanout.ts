/**
 * One message to 500 subscribers: CPU of the server's process for a million deliveries, and deliveries a second. `1`: the next
 * message is sent when all have the last; `16`: sixteen are sent in one turn, and the next sixteen when all have them. A message
 * is 128 bytes of JSON; what a library puts around it, it pays for.
 *
 * The yardstick is `ws` with a frame that is encoded once and one write a frame. Each contestant has a server and a client
 * process of its own. Clients are raw sockets that count the messages, the same for all; those of Holdfast say hello, acknowledge
 * each 64 KiB and every four seconds, as the protocol wants it. Each window ends with a count: every client has had every
 * message once, or the window has failed.
 *
 * What would fool it:
 * - clients that are dear: on few cores, and on loopback, where sending runs the receiver's network stack, they slow the server
 *   down; they parse nothing, and share one buffer;
 * - a machine that is busy: contestants take turns in windows of about a second, and a ratio is that of two windows of one round;
 * - code that is not compiled yet: the first rounds are not counted;
 * - closures that a loader wraps to keep their names: the children run a bundle, not tsx;
 * - the word that a turn is over, one byte on a socket of its own: it costs the server the same whoever it is;
 * - deliveries a second say as much about the clients and about who else has the cores. CPU is the figure to believe.
 */

import type { RawName } from './clients/kinds.ts'
import { createPair, type Pair } from './fanout/pair.ts'
import type { Bench } from './harness/bench.ts'
import { bundleChildren } from './harness/child.ts'
import { interleave } from './harness/interleave.ts'
import { type Goal, report } from './harness/report.ts'
import { versionsOf } from './harness/versions.ts'

const clients = 500
const anchor: RawName = 'ws encoded'
const names: readonly RawName[] = [
  anchor,
  'ws send',
  'ws corked',
  'SSE write',
  'SSE socket',
  'Socket.IO',
  'SockJS',
  'Holdfast ws',
  'Holdfast SSE',
]

const goals: readonly Goal[] = [
  { row: 'Holdfast ws, 1', figure: 'cpu', to: `${anchor}, 1`, atMost: 1.1 },
  { row: 'Holdfast ws, 16', figure: 'cpu', to: `${anchor}, 16`, atMost: 0.4 },
  { row: 'Holdfast SSE, 1', figure: 'cpu', to: `${anchor}, 1`, atMost: 1.25 },
  { row: 'Holdfast SSE, 16', figure: 'cpu', to: `${anchor}, 16`, atMost: 0.5 },
  { row: 'Holdfast ws, 1', figure: 'perSecond', to: `${anchor}, 1`, atLeast: 0.95 },
  { row: 'Holdfast ws, 16', figure: 'perSecond', to: `${anchor}, 16`, atLeast: 0.95 },
]

export const bench: Bench = {
  async run({ quick }) {
    const options = quick ? { rounds: 5, warmups: 4, windowMs: 200 } : { rounds: 15, warmups: 3, windowMs: 1_000 }
    const files = await bundleChildren({ server: 'servers/main.ts', clients: 'clients/main.ts' })
    const pairs: Pair[] = []
    try {
      const tasks = []
      for (const name of names) {
        const pair = await createPair(files, { name, clients })
        pairs.push(pair)
        for (const inFlight of [1, 16]) {
          const run = async () => ({ ...(await pair.fanOut({ windowMs: options.windowMs, inFlight })) })
          tasks.push({ name: `${name}, ${inFlight}`, run })
        }
      }
      const samples = await interleave(tasks, options)
      const columns = [
        { figure: 'cpu', head: 'CPU s/million', digits: 2 },
        { figure: 'perSecond', head: 'deliveries/s', digits: 0 },
      ]
      const { text, rows, missed } = report(samples, columns, goals, (row) => `${anchor}, ${row.split(', ')[1]}`)
      const title = `${clients} subscribers, 128 bytes; after each name: messages in flight`
      const versions = versionsOf('ws', 'express', 'socket.io', 'sockjs')
      return { text: `${title}\n\n${text}`, figures: { ...options, clients, versions, rows }, missed }
    } finally {
      await Promise.all(pairs.map((pair) => pair.stop()))
    }
  },
}
