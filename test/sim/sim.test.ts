import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { noHarms } from './harm.ts'
import { run } from './run.ts'
import { drawScenario, type Step } from './scenario.ts'
import { shrink } from './shrink.ts'
import { bundle } from './tool/bundle.ts'
import { mutants } from './tool/mutants.ts'
import { runSeeds } from './tool/pool.ts'
import type { Tally } from './truth.ts'

const top = join(import.meta.dirname, '../..')
const days = 300

test(`${days} bad days from seed 1 do no harm`, { timeout: 300_000 }, async () => {
  const failing: string[] = []
  let done = 0
  const tally: Tally = { messages: 0, switches: 0, gaps: 0, snapshots: 0, unknown: 0 }
  await runSeeds(await bundle('test'), 1, days, 1, (outcome) => {
    done++
    const findings = 'crash' in outcome ? [outcome.crash] : outcome.findings
    if (findings.length > 0) failing.push(`seed ${outcome.seed}: ${findings[0]}`)
    if ('tally' in outcome)
      for (const [name, count] of Object.entries(outcome.tally)) tally[name as keyof Tally] += count
    return true
  })
  console.log(`${days} bad days: ${JSON.stringify(tally)}`)
  expect(failing).toEqual([])
  expect(done).toBe(days)
  // Else they would not have been bad.
  expect(tally.messages).toBeGreaterThan(20 * days)
  expect(Math.min(tally.switches, tally.gaps, tally.snapshots, tally.unknown)).toBeGreaterThan(days / 4)
})

test('the same seed gives the same trace', async () => {
  const traces = await Promise.all([trace(42), trace(42), trace(43)])
  expect(traces[0]?.length).toBeGreaterThan(50)
  expect(traces[1]).toEqual(traces[0])
  expect(traces[2]).not.toEqual(traces[0])
})

test('each mutant changes the sources in exactly one place', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(12)
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  for (const { name, changes } of mutants) {
    for (const { file, from, to } of changes) {
      expect(readFileSync(join(top, file), 'utf8').split(from), `${name} in ${file}`).toHaveLength(2)
      expect(to).not.toBe(from)
    }
  }
})

// All of them: `npm run sim -- --mutant all`; the table is in docs/simulation.md.
test.each(['off-by-one-resume', 'gap-swallowed', 'trust-at-open', 'receipt-before-append', 'repeated-number-applied'])(
  'the simulation finds the mutant %s',
  { timeout: 120_000 },
  async (name) => {
    const mutant = mutants.find((each) => each.name === name)
    let finding = ''
    await runSeeds(await bundle(`test-${name}`, mutant), 1, 200, 1, (outcome) => {
      finding ||= ('crash' in outcome ? outcome.crash : outcome.findings[0]) ?? ''
      return finding === ''
    })
    console.log(`${name}: ${finding}`)
    expect(finding).not.toBe('')
  },
)

test('a scenario is made as short as what fails allows', async () => {
  const scenario = drawScenario(9)
  const kinds = new Set(scenario.steps.map((step) => step.do))
  const [first, second] = [...kinds]
  const short = await shrink(scenario, async ({ steps, setup }) => {
    const done = steps.map((step) => step.do)
    return done.includes(first as Step['do']) && done.includes(second as Step['do']) && setup.topics.length > 0
  })
  expect(short.steps.map((step) => step.do).sort()).toEqual([first, second].sort())
  expect(short.setup).toMatchObject({ apps: 1, nodes: 1, brokerMs: 0 })
})

test('a run without steps does no harm', async () => {
  const { harms, findings } = await run({ ...drawScenario(1), steps: [] })
  expect([harms, findings]).toEqual([noHarms, []])
})

async function trace(seed: number): Promise<string[]> {
  const lines: string[] = []
  await run(drawScenario(seed), (line) => lines.push(line))
  return lines
}
