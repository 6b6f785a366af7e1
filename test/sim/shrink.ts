import type { Harm } from './harm.ts'
import { type Outcome, run } from './run.ts'
import type { Scenario, Setup, Step } from './scenario.ts'

/** The shortest scenario found that does the same kind of harm: fewer steps, and a simpler beginning. */
export async function shrink(scenario: Scenario, progress: (text: string) => void = () => {}): Promise<Scenario> {
  const wanted = harmsOf(await run(scenario))
  const still = async (candidate: Scenario) => {
    const harms = harmsOf(await run(candidate))
    return [...wanted].some((harm) => harms.has(harm))
  }
  let best = scenario
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; ) {
    const { steps } = best
    let found = false
    for (let at = 0; at < steps.length && !found; at += size) {
      const left: Step[] = steps.filter((_, index) => index < at || index >= at + size)
      const candidate = { ...best, steps: left }
      if (!(await still(candidate))) continue
      best = candidate
      found = true
      progress(`${left.length} steps`)
    }
    if (!found && size === 1) break
    if (!found || size > best.steps.length) size = Math.max(1, Math.floor(size / 2))
  }
  for (const simpler of simplifications) {
    const candidate = { ...best, setup: { ...best.setup, ...simpler(best.setup) } }
    if (await still(candidate)) best = candidate
  }
  return best
}

const simplifications: ((setup: Setup) => Partial<Setup>)[] = [
  () => ({ climbs: false }),
  () => ({ wanders: false }),
  () => ({ nodes: 1 }),
  () => ({ brokerMs: 0 }),
  ({ apps }) => ({ apps: Math.min(apps, 1) }),
  ({ topics }) => ({ topics: topics.slice(0, 1) }),
  ({ badMs }) => ({ badMs: Math.min(badMs, 2_000) }),
  () => ({ inFlightBytes: 1_000_000, bufferBytes: 1_000_000 }),
]

const harmsOf = ({ harms }: Outcome): Set<Harm> =>
  new Set((Object.keys(harms) as Harm[]).filter((harm) => harms[harm] > 0))
