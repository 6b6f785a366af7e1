/**
 * `npm run fuzz -- --inputs 1000000 [--seed S] [--only N]`: hands bad input to every entrance, and prints, as the last line, one
 * JSON object. The exit code is 1 if any did harm. An input is made of the seed and its number: `--only N` makes it again.
 */
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '20000' }, seed: { type: 'string' }, only: { type: 'string' } },
})
const inputs = Number(values.inputs)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const only = values.only === undefined ? undefined : Number(values.only)
const startedAt = Date.now()
console.log(`seed ${seed}`)
const verdict = await fuzz({ inputs, seed, only })
for (const { n, harm, sent } of verdict.failing) {
  console.error(
    `\ninput ${n}: --seed ${seed} --only ${n}\n  ${harm.join('\n  ')}\n${sent.map((text) => `  > ${text}`).join('\n')}`,
  )
}
console.log(JSON.stringify({ inputs, seed, seconds: (Date.now() - startedAt) / 1000, ...verdict }))
if (verdict.failing.length > 0) process.exitCode = 1
