/**
 * `npm run soak -- --minutes 10 [--seed 1] [--clients 200]`: real clients over real sockets, each behind a bad network of its
 * own, and hubs that are killed and replaced meanwhile. At the end all is healed and drained. The last line is one JSON
 * object; the exit code is 1 if anything came to harm, memory grew, or a handle was left.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createFaultProxy } from '../support/fault-proxy/index.ts'
import { seeded } from '../support/world.ts'
import { startWorker, type Worker } from './calls.ts'
import type { Handles } from './gauges.ts'
import type { Tally } from './model.ts'
import { createThirds } from './thirds.ts'
import { climates, createWeather } from './weather.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    clients: { type: 'string', default: '200' },
  },
})
const [minutes, seed, count] = [Number(values.minutes), Number(values.seed), Number(values.clients)]
const soakMs = minutes * 60_000
const sampleMs = Math.min(5_000, soakMs / 30)
/** Between a node's end and the next one's. */
const nodeMs = Math.min(20_000, soakMs / 4)
const drainMs = 60_000
const handlesMs = 20_000
const sockets = ['TCPSocketWrap', 'ConnectWrap']

const random = seeded(seed)
console.error(`seed ${seed}`)
let hubs = startWorker('./hubs.ts')
let ports = await hubs.ask<number[]>('start')
const clients = startWorker('./clients.ts')
await clients.ask(
  'warmUp',
  ports.map((port) => `http://127.0.0.1:${port}/realtime`),
)
const handlesAtStart = { clients: await idleHandles(clients), hubs: await idleHandles(hubs) }
let startedTwice = 0
let restarts = 0

const proxy = await createFaultProxy({
  target: () => ({ host: '127.0.0.1', port: ports[Math.floor(random() * ports.length)] ?? 0 }),
})
const names = Array.from({ length: count }, (_, who) => `client ${who}`)
const networks = await Promise.all(names.map((name, who) => proxy.open(name, { random: seeded(seed + who) })))
await clients.ask('start', { urls: networks.map(({ url }) => `${url}/realtime`), seed })
const weathers = networks.map((port, who) => {
  return createWeather(port, climates[who % climates.length] ?? 'websocket', seeded(seed ^ (who + 1)))
})

const startedAt = performance.now()
const leftMs = () => startedAt + soakMs - performance.now()
const memory = createThirds(soakMs)
await Promise.all([sample(), disturb()])

for (const weather of weathers) weather.stop()
proxy.heal()
await clients.ask('stop')
const stuck = await drain()
const { unknown, ...tally } = await clients.ask<Tally>('tally')
await countTwice()
await clients.ask('close')
await proxy.close()
const handlesAtEnd = {
  clients: await idleHandles(clients, handlesAtStart.clients),
  hubs: await idleHandles(hubs, handlesAtStart.hubs),
}
await Promise.all([clients.kill(), hubs.kill()])

const harm = tally.lost + tally.doubled + tally.reordered + tally.falseReceipts + tally.gaps + stuck + startedTwice
const { middleThirdMiB, lastThirdMiB, ratio, isFlat } = memory.result()
const handles = { start: handlesAtStart, end: handlesAtEnd }
const isClean = JSON.stringify(handles.start) === JSON.stringify(handles.end)
const result = {
  minutes,
  seed,
  clients: count,
  ...tally,
  unknown,
  startedTwice,
  restarts,
  stuck,
  memory: { middleThirdMiB, lastThirdMiB, ratio },
  handles,
}
if (!isFlat) console.error('memory grew')
if (!isClean) console.error('handles were left')
console.log(JSON.stringify(result))
process.exitCode = harm > 0 || !isFlat || !isClean ? 1 : 0

async function sample(): Promise<void> {
  while (leftMs() > 0) {
    await pause(Math.min(sampleMs, Math.max(0, leftMs())))
    const atMs = soakMs - leftMs()
    const heap = await Promise.all([clients.ask<number>('heap'), hubs.ask<number>('heap').catch(() => null)])
    // A process that was killed meanwhile says nothing.
    if (heap[1] !== null) memory.add(atMs, heap[0] + heap[1])
  }
}

/** Nodes go and come. Processes are killed in the first third only, so that what leaks in one shows afterwards. */
async function disturb(): Promise<void> {
  for (let turn = 0; leftMs() > nodeMs; turn++) {
    await pause(nodeMs * (0.5 + 0.5 * random()))
    if (turn % 2 === 1) {
      ports = await hubs.ask('replace', Math.floor(random() * 2))
      await hubs.ask('leave')
    } else {
      restarts += 1
      if (leftMs() > (2 / 3) * soakMs) await kill()
      else ports = await hubs.ask('restart')
    }
    const { messages } = await clients.ask<Tally>('tally')
    const on = await clients.ask('transports')
    console.error(
      `${Math.round(leftMs() / 1000)} s left, ${messages} messages, ${restarts} restarts, ${JSON.stringify(on)}`,
    )
  }
}

async function kill(): Promise<void> {
  await countTwice()
  await hubs.kill()
  hubs = startWorker('./hubs.ts')
  ports = await hubs.ask('start')
}

async function countTwice(): Promise<void> {
  const report = await hubs.ask<{ startedTwice: number; errors: Record<string, number> }>('report')
  startedTwice += report.startedTwice
  console.error(`errors of the hubs: ${JSON.stringify(report.errors)}`)
}

/** How many clients are not done in time. */
async function drain(): Promise<number> {
  const until = performance.now() + drainMs
  for (;;) {
    const undone = await clients.ask<string[]>('undone')
    if (undone.length === 0 || performance.now() > until) {
      for (const line of undone) console.error(`stuck: ${line}`)
      return undone.length
    }
    await pause(200)
  }
}

/** Once what ends by itself (sockets, the grace that a stream's end is given) has had its time. */
async function idleHandles(worker: Worker, before?: Handles): Promise<Handles> {
  const until = performance.now() + handlesMs
  for (;;) {
    const now = await worker.ask<Handles>('handles')
    const isIdle = before ? JSON.stringify(now) === JSON.stringify(before) : !sockets.some((kind) => kind in now)
    if (isIdle || performance.now() > until) return now
    await pause(200)
  }
}
