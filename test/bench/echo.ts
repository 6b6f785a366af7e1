/**
 * Request and answer, 128 bytes each, by one client: CPU of the server's process for a request and the median round trip, one
 * at a time; and 50,000 sent without waiting, messages answered a second. Ours is `connection.request`, whose answer the hub
 * puts into the inbox after a receipt; pipelined it is `publish`: a receipt, and an answer that a subscriber at the hub sends
 * to the inbox. So for one message three go over the wire, and all is in order and at most once; the yardsticks send it back.
 *
 * Over WebSocket beside a bare `ws` echo, and over SSE beside bare POSTs by the same `fetch` on a connection that is kept. What SSE
 * cannot do without is a row of its own: a POST whose answer comes down a stream besides its own, on Node alone and under Express.
 * Clients are real ones, each in a process of its own like its server.
 *
 * What would fool it:
 * - one at a time means waiting for the scheduler in two processes, and where it puts them decides more than what they do: with
 *   both on one core a `ws` echo is 24 µs and 12 of CPU, with one on each, which has to be woken, 100 and 44; and it changes its
 *   mind between two rounds. So each server has one core and each client the other, as if they were two machines;
 * - what else the machine does: yardstick and ours take turns, and the ratio is that of one round;
 * - code that is not compiled yet: the first 20,000 requests of each are not counted;
 * - what an application would do with the answers: nobody does it here.
 */
import type { CallerName } from './clients/callers.ts'
import type { Bench } from './harness/bench.ts'
import { type Call, createCall } from './harness/call.ts'
import { bundleChildren } from './harness/child.ts'
import { interleave, type Task } from './harness/interleave.ts'
import { type Goal, report } from './harness/report.ts'
import { versionsOf } from './harness/versions.ts'
import type { AnsweringName } from './servers/answering.ts'

const parties: readonly { server: AnsweringName; client: CallerName; pipelined: boolean }[] = [
  { server: 'ws echo', client: 'ws echo', pipelined: true },
  { server: 'Holdfast', client: 'Holdfast ws', pipelined: true },
  { server: 'Socket.IO', client: 'Socket.IO', pipelined: false },
  { server: 'POST echo', client: 'POST echo', pipelined: false },
  { server: 'POST + stream', client: 'POST + stream', pipelined: false },
  { server: 'Express, POST + stream', client: 'Express, POST + stream', pipelined: false },
  { server: 'Holdfast', client: 'Holdfast SSE', pipelined: false },
  { server: 'Express, Holdfast', client: 'Express, Holdfast SSE', pipelined: false },
]

const beside = (row: string) => (row.includes('SSE') || row.includes('POST') ? 'POST echo' : 'ws echo')

const goals: readonly Goal[] = [
  { row: 'Holdfast ws', figure: 'cpu', to: 'ws echo', atMost: 1.3 },
  { row: 'Holdfast ws', figure: 'roundTrip', to: 'ws echo', atMost: 1.5 },
  { row: 'Holdfast SSE', figure: 'cpu', to: 'POST echo', atMost: 1.3 },
  { row: 'Holdfast SSE', figure: 'roundTrip', to: 'POST echo', atMost: 1.5 },
  { row: 'Holdfast ws, pipelined', figure: 'perSecond', to: 'ws echo, pipelined', atLeast: 0.8 },
]

export const bench: Bench = {
  async run({ quick }) {
    const options = quick
      ? { rounds: 9, warmups: 8, requests: 400, pipelined: 5_000 }
      : { rounds: 15, warmups: 10, requests: 2_000, pipelined: 50_000 }
    const files = await bundleChildren({
      answering: 'servers/answering-main.ts',
      callers: 'clients/callers-main.ts',
    })
    const calls: Call[] = []
    const tasks: Task[] = []
    try {
      for (const { server, client, pipelined } of parties) {
        const call = await createCall(files, { server, client })
        calls.push(call)
        const oneByOne = async () => {
          const { cpu, result } = await call.run('calls', options.requests)
          return { cpu, roundTrip: result }
        }
        const together = async () => {
          const { cpu, result } = await call.run('pipeline', options.pipelined)
          return { cpu, perSecond: result }
        }
        tasks.push({ name: client, run: oneByOne })
        if (pipelined) tasks.push({ name: `${client}, pipelined`, run: together })
      }
      const samples = await interleave(tasks, options)
      const columns = [
        { figure: 'cpu', head: 'CPU us', digits: 1 },
        { figure: 'roundTrip', head: 'round trip ms', digits: 3 },
        { figure: 'perSecond', head: 'messages/s', digits: 0 },
      ]
      const to = (row: string) => (row.endsWith('pipelined') ? 'ws echo, pipelined' : beside(row))
      const { text, rows, missed } = report(samples, columns, goals, to)
      const versions = versionsOf('ws', 'socket.io', 'rxjs', 'xstate')
      return { text, figures: { ...options, versions, rows }, missed }
    } finally {
      await Promise.all(calls.map((call) => call.stop()))
    }
  },
}
