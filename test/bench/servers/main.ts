/** The process of one contestant, named by its argument: serves, sends when it is told to, and measures itself. */
import { createServer, type Socket } from 'node:net'
import { writeHeapSnapshot } from 'node:v8'
import { answers } from '../harness/answers.ts'
import { listen } from '../harness/listen.ts'
import { createData, groupsOf, type Message } from './contestant.ts'
import { type ContestantName, contestants } from './contestants.ts'

export interface Ports {
  readonly port: number
  /** One byte here says that all clients have the last turn's messages. */
  readonly control: number
}

export interface FanOut {
  readonly windowMs: number
  readonly inFlight: number
  readonly topics: number
}

/** In bytes. */
export interface Memory {
  readonly rss: number
  readonly heap: number
}

export interface FannedOut {
  /** Messages that each client should have. */
  readonly each: number
  readonly cpuMs: number
  readonly wallMs: number
}

const contestant = await contestants[process.argv[2] as ContestantName]()
let controlled: Socket | null = null
let arrived: (() => void) | null = null
let sent = 0

// Beyond the window.
const patienceMs = 10_000

const controller = createServer((socket) => {
  socket.setNoDelay()
  socket.on('data', () => arrived?.())
  socket.on('error', () => {})
  controlled = socket
})

answers({
  async start(): Promise<Ports> {
    return { port: await listen(contestant.server), control: await listen(controller) }
  },
  fanOut,
  flood,
  memory,
  async snapshot(file: string): Promise<void> {
    await memory()
    writeHeapSnapshot(file)
  },
})

/** Turn after turn, each when all clients have what the last one sent. */
async function fanOut({ windowMs, inFlight, topics }: FanOut): Promise<FannedOut> {
  if (!controlled) throw new Error('no client says what has arrived')
  const groups = groupsOf(topics)
  let each = 0
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  let late = false
  const watchdog = setTimeout(() => {
    late = true
    arrived?.()
  }, windowMs + patienceMs)
  while (performance.now() - startedAt < windowMs && !late) {
    const messages: Message[] = []
    for (let i = 0; i < inFlight; i++) {
      const first = (each++ * groups) % topics
      for (let group = 0; group < groups; group++) messages.push({ topic: first + group, data: createData(++sent) })
    }
    await new Promise<void>((resolve) => {
      arrived = resolve
      contestant.broadcast(messages)
    })
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const wallMs = performance.now() - startedAt
  clearTimeout(watchdog)
  if (late) throw new Error('a turn did not reach everybody')
  return { each, cpuMs: (user + system) / 1_000, wallMs }
}

/** So many messages a second to everybody, whether or not they have arrived. */
async function flood({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<number> {
  const startedAt = performance.now()
  let flooded = 0
  for (let passed = 0; passed < seconds; passed = (performance.now() - startedAt) / 1_000) {
    const due = Math.round(Math.min(passed, seconds) * perSecond) - flooded
    contestant.broadcast(Array.from({ length: due }, () => ({ topic: 0, data: createData(++sent) })))
    flooded += due
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return flooded
}

/** After collections; what was freed goes back to the system in a moment of its own. */
async function memory(): Promise<Memory> {
  if (!globalThis.gc) throw new Error('run it with --expose-gc')
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heap: heapUsed }
}
