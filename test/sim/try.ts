import { run } from './run.ts'
import { drawScenario } from './scenario.ts'

console.error = () => {}
Error.stackTraceLimit = 0
const [first, count] = process.argv.slice(2).map(Number)
const started = performance.now()
let bad = 0
const totals: Record<string, number> = {}
for (let seed = first!; seed < first! + count!; seed++) {
  const lines: string[] = []
  const t = performance.now()
  const out = await run(drawScenario(seed), count === 1 ? (l) => lines.push(l) : null)
  const ms = performance.now() - t
  if (count === 1) console.log(lines.map((l) => l.slice(0, 220)).join('\n'))
  if (ms > 300) console.log('slow', seed, ms)
  if (out.findings.length) {
    bad++
    console.log(seed, out.findings.slice(0, 3).join(' | ').slice(0, 300))
  }
  for (const [k, v] of Object.entries(out.harms)) totals[k] = (totals[k] ?? 0) + v
}
console.log({ bad, totals, ms: (performance.now() - started) / count! })
