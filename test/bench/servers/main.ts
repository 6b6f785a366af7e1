/** The process of one contestant, named by its argument: serves, sends when it is told to, and measures itself. */
import { writeHeapSnapshot } from 'node:v8'
import { answers } from '../harness/answers.ts'
import { memory } from '../harness/memory.ts'
import { createData, groupsOf, type Message } from './contestant.ts'
import { type ContestantName, contestants } from './contestants.ts'
import { createTurns } from './turns.ts'

export interface FanOut {
  readonly windowMs: number
  readonly inFlight: number
  readonly topics: number
}

export interface FannedOut {
  /** Messages that each client should have. */
  readonly each: number
  readonly cpuMs: number
  readonly wallMs: number
}

const contestant = await contestants[process.argv[2] as ContestantName]()
const turns = createTurns(contestant)
let sent = 0

answers({
  start: turns.start,
  fanOut,
  flood,
  memory,
  async snapshot(file: string): Promise<void> {
    await memory()
    writeHeapSnapshot(file)
  },
})

async function fanOut({ windowMs, inFlight, topics }: FanOut): Promise<FannedOut> {
  const groups = groupsOf(topics)
  let each = 0
  const taken = await turns.run(windowMs, () => {
    const messages: Message[] = []
    for (let i = 0; i < inFlight; i++) {
      const first = (each++ * groups) % topics
      for (let group = 0; group < groups; group++) messages.push({ topic: first + group, data: createData(++sent) })
    }
    return messages
  })
  return { each, ...taken }
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
