import { run } from '/work/main/test/sim/run.ts'
import { drawScenario } from '/work/main/test/sim/scenario.ts'

console.error = () => {}
Error.stackTraceLimit = 0
const original = setImmediate
let turns = 0
globalThis.setImmediate = ((f: any) => {
  turns++
  return original(f)
}) as any
const cpu0 = process.cpuUsage()
const rows: any[] = []
for (let seed = 1; seed <= 400; seed++) {
  const s = drawScenario(seed)
  turns = 0
  const t = performance.now()
  const out = await run(s)
  rows.push({
    seed,
    ms: performance.now() - t,
    turns,
    messages: out.messages,
    steps: s.steps.length,
    sim: out.simulatedMs / 1000,
    climbs: s.setup.climbs,
    apps: s.setup.apps,
  })
}
rows.sort((a, b) => b.ms - a.ms)
const sum = (k: string) => rows.reduce((a, r) => a + r[k], 0) / rows.length
console.log(
  rows
    .slice(0, 8)
    .map((r) => JSON.stringify(r))
    .join('\n'),
)
console.log(sum('ms'), sum('turns'), sum('messages'), sum('steps'), sum('sim'))
const c = process.cpuUsage(cpu0)
console.log('cpu ms per run', (c.user + c.system) / 1000 / rows.length)
