/** The process of one contestant, named by its argument: serves, sends when it is told to, and measures itself. */
import { createServer, type Socket } from 'node:net'
import { answers } from '../harness/answers.ts'
import { listen } from '../harness/listen.ts'
import type { Data } from '../servers/contestant.ts'
import { createPayload, type PayloadName } from './payloads.ts'
import { type ServerName, servers } from './servers.ts'

export interface Ports {
  readonly port: number
  /** One byte here says that all clients have the last turn's messages. */
  readonly control: number
}

export interface Window {
  readonly windowMs: number
  readonly inFlight: number
  readonly payload: PayloadName
}

export interface Measured {
  /** Messages that each client should have. */
  readonly each: number
  readonly cpuMs: number
}

const contestant = servers[process.argv[2] as ServerName]()
// Beyond the window.
const patienceMs = 10_000
let ports: Ports | null = null
let controlled: Socket | null = null
let arrived: (() => void) | null = null
let sent = 0
let began = process.cpuUsage()

const controller = createServer((socket) => {
  socket.setNoDelay()
  socket.on('data', () => arrived?.())
  socket.on('error', () => {})
  controlled = socket
})

answers({
  async start(): Promise<Ports> {
    ports ??= { port: await listen(contestant.server), control: await listen(controller) }
    return ports
  },
  /** Turn after turn, each when all clients have what the last one sent. */
  async send({ windowMs, inFlight, payload }: Window): Promise<Measured> {
    if (!controlled) throw new Error('no client says what has arrived')
    let each = 0
    let late = false
    const startedAt = performance.now()
    const cpuBefore = process.cpuUsage()
    const watchdog = setTimeout(() => {
      late = true
      arrived?.()
    }, windowMs + patienceMs)
    while (performance.now() - startedAt < windowMs && !late) {
      each += inFlight
      const messages = Array.from({ length: inFlight }, () => ({
        topic: 0,
        data: createPayload(payload, ++sent) as Data,
      }))
      await new Promise<void>((resolve) => {
        arrived = resolve
        contestant.broadcast(messages)
      })
    }
    const { user, system } = process.cpuUsage(cpuBefore)
    clearTimeout(watchdog)
    if (late) throw new Error('a turn did not reach everybody')
    return { each, cpuMs: (user + system) / 1_000 }
  },
  begin(): void {
    began = process.cpuUsage()
  },
  /** CPU since then, in ms. */
  end(): number {
    const { user, system } = process.cpuUsage(began)
    return (user + system) / 1_000
  },
  /** In bytes, after collections; what was freed goes back to the system in a moment of its own. */
  async memory(): Promise<{ rss: number; heap: number }> {
    if (!globalThis.gc) throw new Error('run it with --expose-gc')
    for (let i = 0; i < 3; i++) {
      globalThis.gc()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const { rss, heapUsed } = process.memoryUsage()
    return { rss, heap: heapUsed }
  },
})
