import { run } from '../run.ts'
import { drawScenario } from '../scenario.ts'
import type { Answer, Order } from './pool.ts'

// Traces of stacks cost more than the runs; and what hubs report before someone listens is part of a bad day.
Error.stackTraceLimit = 0
console.error = () => {}

process.on('message', async ({ first, count, trace }: Order) => {
  const outcomes: Answer = []
  for (let seed = first; seed < first + count; seed++) {
    try {
      outcomes.push(await run(drawScenario(seed), trace ? console.log : null))
    } catch (error) {
      outcomes.push({ seed, crash: `${error}` })
    }
  }
  process.send?.(outcomes)
})

// A promise that nobody waits for would have ended a server.
process.on('unhandledRejection', (error) => {
  process.send?.([{ seed: -1, crash: `unhandled: ${error}` }] satisfies Answer)
})
