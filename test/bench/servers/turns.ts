import { createServer, type Socket } from 'node:net'
import { listen } from '../../support/listen.ts'
import type { Contestant, Message } from './contestant.ts'

export interface Ports {
  readonly port: number
  /** One byte here says that all clients have the last turn's messages. */
  readonly control: number
}

export interface Turns {
  /** Serves, and hears what has arrived. */
  start(): Promise<Ports>
  /** Turn after turn for so long, each when all clients have what the last one sent; throws where one does not reach everybody. */
  run(windowMs: number, messages: () => readonly Message[]): Promise<{ cpuMs: number; wallMs: number }>
}

// Beyond the window.
const patienceMs = 10_000

export function createTurns(contestant: Contestant): Turns {
  let ports: Promise<Ports> | null = null
  let controlled: Socket | null = null
  let arrived: (() => void) | null = null

  const controller = createServer((socket) => {
    socket.setNoDelay()
    socket.on('data', () => arrived?.())
    socket.on('error', () => {})
    controlled = socket
  })
  const open = async () => ({ port: await listen(contestant.server), control: await listen(controller) })

  return {
    start() {
      ports ??= open()
      return ports
    },
    async run(windowMs, messages) {
      if (!controlled) throw new Error('no client says what has arrived')
      let late = false
      const startedAt = performance.now()
      const cpuBefore = process.cpuUsage()
      const watchdog = setTimeout(() => {
        late = true
        arrived?.()
      }, windowMs + patienceMs)
      while (performance.now() - startedAt < windowMs && !late) {
        const all = messages()
        await new Promise<void>((resolve) => {
          arrived = resolve
          contestant.broadcast(all)
        })
      }
      const { user, system } = process.cpuUsage(cpuBefore)
      const wallMs = performance.now() - startedAt
      clearTimeout(watchdog)
      if (late) throw new Error('a turn did not reach everybody')
      return { cpuMs: (user + system) / 1_000, wallMs }
    },
  }
}
