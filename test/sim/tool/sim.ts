/**
 * `npm run sim -- --runs N [--seed S] [--trace] [--shrink] [--mutant NAME|all] [--workers W]`: bad days, simulated.
 *
 * Runs the seeds from S (default 1) on; the last line is one JSON object with the counts, and the exit code is 1 if there was
 * any harm. `--trace` prints what happens in one run, `--shrink` the shortest scenario that does the same harm. `--mutant`
 * runs the sources with a deliberate bug in them until it is found, and fails if it is not.
 */
import { parseArgs } from 'node:util'
import { noHarms } from '../harm.ts'
import { run } from '../run.ts'
import { drawScenario, type Scenario } from '../scenario.ts'
import { shrink } from '../shrink.ts'
import type { Tally } from '../truth.ts'
import { bundle } from './bundle.ts'
import { mutants } from './mutants.ts'
import { type Answer, runSeeds } from './pool.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    workers: { type: 'string', default: '2' },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    mutant: { type: 'string' },
  },
})
const first = Number(values.seed ?? 1)
const runs = Number(values.runs ?? (values.seed ? 1 : 1_000))
const workers = Number(values.workers)
if (![first, runs, workers].every((number) => Number.isSafeInteger(number) && number > 0)) {
  console.error('--runs, --seed and --workers are whole numbers above 0')
  process.exit(2)
}

if (values.trace || values.shrink) await look()
else if (values.mutant) await hunt(values.mutant)
else await simulate()

async function simulate(): Promise<void> {
  const startedAt = Date.now()
  const harms = { ...noHarms }
  const failing: number[] = []
  const tally: Tally = { messages: 0, switches: 0, gaps: 0, snapshots: 0, unknown: 0 }
  let simulatedMs = 0
  let slowestOnlineMs = 0
  await runSeeds(await bundle('plain'), first, runs, workers, (outcome) => {
    const findings = 'crash' in outcome ? [outcome.crash] : outcome.findings
    if (findings.length > 0) {
      failing.push(outcome.seed)
      console.log(`seed ${outcome.seed}: ${findings.slice(0, 3).join('; ').slice(0, 400)}`)
    }
    if ('crash' in outcome) return true
    add(harms, outcome.harms)
    add(tally, outcome.tally)
    simulatedMs += outcome.simulatedMs
    slowestOnlineMs = Math.max(slowestOnlineMs, outcome.onlineMs)
    return true
  })
  const seconds = Math.round((Date.now() - startedAt) / 1000)
  const simulatedHours = Math.round(simulatedMs / 36_000) / 100
  console.log(
    `${runs} bad days from seed ${first}, ${simulatedHours} hours of them, in ${seconds} s: ${failing.length} failed`,
  )
  console.log(
    JSON.stringify({
      runs,
      first,
      seconds,
      simulatedHours,
      ...tally,
      ...harms,
      slowestOnlineMs: Math.round(slowestOnlineMs),
      failing,
    }),
  )
  if (failing.length > 0) process.exitCode = 1
}

function add<T extends object>(to: T, each: T): void {
  for (const name of Object.keys(to) as (keyof T)[]) (to[name] as number) += each[name] as number
}

/** One run, to be read, of the sources or of a mutant. */
async function look(): Promise<void> {
  if (values.trace) {
    const mutant = mutants.find(({ name }) => name === values.mutant)
    const file = await bundle(mutant?.name ?? 'plain', mutant)
    const take = (outcome: Answer[number]) => {
      const { findings, harms } = 'crash' in outcome ? { findings: [outcome.crash], harms: noHarms } : outcome
      console.log(JSON.stringify({ runs: 1, first, ...harms, failing: findings.length > 0 ? [first] : [] }))
      if (findings.length > 0) process.exitCode = 1
      return true
    }
    await runSeeds(file, first, 1, 1, take, true)
  }
  console.error = () => {}
  if (values.shrink) console.log(JSON.stringify(await shorten(drawScenario(first))))
}

/** The shortest one found that does harm of the same kind. */
async function shorten(scenario: Scenario): Promise<Scenario> {
  const kinds = async (candidate: Scenario) =>
    Object.entries((await run(candidate)).harms).flatMap(([harm, count]) => (count > 0 ? [harm] : []))
  const wanted = await kinds(scenario)
  return shrink(scenario, async (candidate) => (await kinds(candidate)).some((harm) => wanted.includes(harm)))
}

async function hunt(name: string): Promise<void> {
  const hunted = name === 'all' ? mutants : mutants.filter((mutant) => mutant.name === name)
  if (hunted.length === 0) {
    console.error(`--mutant is 'all' or one of: ${mutants.map((mutant) => mutant.name).join(', ')}`)
    process.exit(2)
  }
  const most = values.runs ? runs : 2_000
  const found: Record<string, number | null> = {}
  for (const mutant of hunted) {
    const file = await bundle(mutant.name, mutant)
    let by: { seed: number; finding: string } | null = null
    await runSeeds(file, first, most, workers, (outcome) => {
      const [finding] = 'crash' in outcome ? [outcome.crash] : outcome.findings
      if (finding === undefined || (by && by.seed < outcome.seed)) return true
      by = { seed: outcome.seed, finding }
      return false
    })
    const { seed, finding } = by ?? { seed: null, finding: '' }
    found[mutant.name] = seed
    console.log(`| ${mutant.name} | ${mutant.says} | ${seed ?? `**not in ${most} runs**`} | ${finding.split(':')[0]} |`)
  }
  const survived = Object.keys(found).filter((each) => found[each] === null)
  console.log(JSON.stringify({ mutants: hunted.length, runs: most, found, survived }))
  if (survived.length > 0) process.exitCode = 1
}
