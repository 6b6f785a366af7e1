/**
 * One client, both ways. Up: publishes of 128 bytes without waiting, each with its receipt; how many a second, and CPU of the
 * server's process for one. Beside a bare `ws` server that parses each message and sends back a frame with its number, and
 * Socket.IO with `emitWithAck`. Down: 50,000 messages a second to one client in Node; CPU of the client's process for one, beside
 * `ws` with `JSON.parse`. Clients are real ones; each client and each server has a process of its own.
 *
 * What would fool it:
 * - down, messages come in a few at every millisecond or so, as the server's timer lets them; what is sent in one turn arrives as
 *   one batch with us, and as so many frames with bare `ws`: that is what we do, and the messages are the same;
 * - a flood that is thinner than it says: how many were sent a second is measured, and 95 % is a goal;
 * - messages that are lost or late: the client's CPU is counted until it has all, in order;
 * - up, client and server share the machine, and the slower one sets the pace: a second says more about the client, CPU about the
 *   server.
 */
import type { HearerName } from './clients/hearers-main.ts'
import type { Bench } from './harness/bench.ts'
import { type Call, createCall } from './harness/call.ts'
import { bundleChildren, type Child, startChild } from './harness/child.ts'
import { interleave, type Task } from './harness/interleave.ts'
import { type Goal, report } from './harness/report.ts'
import { versionsOf } from './harness/versions.ts'
import type { Ports } from './servers/turns.ts'

const perSecond = 50_000
const senders = [
  { server: 'ws ack', client: 'ws ack' },
  { server: 'Socket.IO', client: 'Socket.IO' },
  { server: 'Holdfast', client: 'Holdfast ws, publish' },
] as const
const hearers: readonly HearerName[] = ['ws send', 'Holdfast, long history']
const downOf = (name: HearerName) => `down: ${name}`

const goals: readonly Goal[] = [
  ...hearers.map((name) => ({ row: downOf(name), figure: 'perSecond', atLeast: 0.95 * perSecond })),
  { row: downOf('Holdfast, long history'), figure: 'cpu', to: downOf('ws send'), atMost: 1.5 },
]

export const bench: Bench = {
  async run({ quick }) {
    const options = quick
      ? { rounds: 5, warmups: 2, publishes: 5_000, floodSeconds: 1 }
      : { rounds: 15, warmups: 3, publishes: 50_000, floodSeconds: 3 }
    const files = await bundleChildren({
      answering: 'servers/answering-main.ts',
      callers: 'clients/callers-main.ts',
      server: 'servers/main.ts',
      hearers: 'clients/hearers-main.ts',
    })
    const started: Pick<Call, 'stop'>[] = []
    const tasks: Task[] = []
    try {
      for (const { server, client } of senders) {
        const call = await createCall(files, { server, client })
        started.push(call)
        const run = async () => {
          const { cpu, result } = await call.run('pipeline', options.publishes)
          return { cpu, perSecond: result }
        }
        tasks.push({ name: `up: ${client}`, run })
      }
      for (const name of hearers) {
        const server = startChild(files.server, [name])
        const client = startChild(files.hearers, [name])
        started.push(client, server)
        await client.ask('open', { name, port: (await server.ask<Ports>('start')).port })
        tasks.push({ name: downOf(name), run: () => flood(server, client, options.floodSeconds) })
      }
      const samples = await interleave(tasks, options)
      const columns = [
        { figure: 'cpu', head: 'CPU us', digits: 2 },
        { figure: 'perSecond', head: 'messages/s', digits: 0 },
      ]
      const yardstick = (row: string) => (row.startsWith('up') ? 'up: ws ack' : downOf('ws send'))
      const { text, rows, missed } = report(samples, columns, goals, yardstick)
      const versions = versionsOf('ws', 'socket.io', 'rxjs', 'xstate')
      return { text, figures: { ...options, versions, rows }, missed }
    } finally {
      await Promise.all(started.map((one) => one.stop()))
    }
  },
}

async function flood(server: Child, client: Child, seconds: number): Promise<{ cpu: number; perSecond: number }> {
  await client.ask('begin')
  const startedAt = performance.now()
  const sent = await server.ask<number>('flood', { perSecond, seconds })
  const sentPerSecond = (1_000 * sent) / (performance.now() - startedAt)
  const cpuMs = await client.ask<number>('end', sent)
  return { cpu: (1_000 * cpuMs) / sent, perSecond: sentPerSecond }
}
