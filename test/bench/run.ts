/**
 * `npm run bench -- NAME [--quick] [--check]`: measures, prints a table and, as the last line, one JSON object.
 *
 * Each benchmark is the file of its name beside this one, and exports a `bench`. `--quick` measures less often; with
 * `--check` the exit code is 1 if a goal was missed. BENCH_PROFILE=DIR in the environment leaves CPU profiles of what runs in
 * processes of its own there.
 */
import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { Bench } from './harness/bench.ts'

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3))

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
})
const [name = ''] = positionals

if (!names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [--quick] [--check]\nNAME is one of: ${names.join(', ')}`)
  process.exitCode = 2
} else {
  const { bench } = (await import(`./${name}.ts`)) as { bench: Bench }
  const startedAt = Date.now()
  const { text, figures, missed } = await bench.run({ quick: values.quick })
  const seconds = Math.round((Date.now() - startedAt) / 1000)
  console.log(text)
  console.log(`\n${missed.length === 0 ? 'every goal was met' : `missed: ${missed.join('; ')}`} (${seconds} s)\n`)
  const machine = { node: process.versions.node, cpus: cpus().length, cpu: cpus()[0]?.model ?? '' }
  console.log(JSON.stringify({ bench: name, quick: values.quick, seconds, machine, missed, ...figures }))
  if (values.check && missed.length > 0) process.exitCode = 1
}
