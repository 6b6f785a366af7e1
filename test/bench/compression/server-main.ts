/** The process of one contestant, named by its argument: serves, sends when it is told to, and measures itself. */
import { answers } from '../harness/answers.ts'
import { memory } from '../harness/memory.ts'
import type { Data } from '../servers/contestant.ts'
import { createTurns } from '../servers/turns.ts'
import { createPayload, type PayloadName } from './payloads.ts'
import { type ServerName, servers } from './servers.ts'

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

const turns = createTurns(servers[process.argv[2] as ServerName]())
let sent = 0
let began = process.cpuUsage()

answers({
  start: turns.start,
  async send({ windowMs, inFlight, payload }: Window): Promise<Measured> {
    let each = 0
    const { cpuMs } = await turns.run(windowMs, () => {
      each += inFlight
      return Array.from({ length: inFlight }, () => ({ topic: 0, data: createPayload(payload, ++sent) as Data }))
    })
    return { each, cpuMs }
  },
  begin(): void {
    began = process.cpuUsage()
  },
  /** CPU since then, in ms. */
  end(): number {
    const { user, system } = process.cpuUsage(began)
    return (user + system) / 1_000
  },
  memory,
})
