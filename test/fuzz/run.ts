/**
 * `npm run fuzz -- --inputs 1000000 [--seed S] [--only N]`: hands bad input to the entrances of hub and client, and prints, as
 * the last line, one JSON object. The exit code is 1 if any did harm. `--only N` makes one input of a seed again.
 */
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const heapMayGrow = 1.1

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string' }, only: { type: 'string' } },
})
const inputs = Number(values.inputs)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const only = values.only === undefined ? undefined : Number(values.only)
// Inputs throw by the million; one alone is looked at.
Error.stackTraceLimit = only === undefined ? 2 : 20
console.log(`fuzz: ${only === undefined ? `${inputs} inputs` : `input ${only}`} of seed ${seed}`)

const progress = (done: number) => void (done % 100_000 === 0 && done < inputs && console.log(`fuzz: ${done} done`))
const startedAt = performance.now()
const { failing, answers, ...verdict } = await fuzz({ inputs, seed, only, progress })
const seconds = Math.round((performance.now() - startedAt) / 1_000)
const cpuSeconds = Math.round(process.cpuUsage().user / 1e6)
for (const { n, harm, sent } of failing) {
  console.error(`\n--seed ${seed} --only ${n}\n  ${harm.join('\n  ')}`)
  for (const text of sent) console.error(`  > ${JSON.stringify(text)}`)
}
const grows = verdict.heap !== null && verdict.heap.ratio > heapMayGrow
if (grows) console.error(`the heap grows: ${JSON.stringify(verdict.heap)}`)
const numbers = failing.map(({ n }) => n)
console.log(JSON.stringify({ inputs, seed, seconds, cpuSeconds, ...verdict, answers, failing: numbers }))
process.exit(failing.length > 0 || grows ? 1 : 0)
