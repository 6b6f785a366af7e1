import type { Scenario, Setup } from './scenario.ts'

/** The shortest scenario found that still fails: fewer steps, and a simpler beginning. */
export async function shrink(scenario: Scenario, fails: (scenario: Scenario) => Promise<boolean>): Promise<Scenario> {
  let best = scenario
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.steps.length; ) {
      const steps = best.steps.filter((_, index) => index < at || index >= at + size)
      const candidate = { ...best, steps }
      if (await fails(candidate)) best = candidate
      else at += size
    }
  }
  for (const simpler of simplifications) {
    const candidate = { ...best, setup: { ...best.setup, ...simpler(best.setup) } }
    if (await fails(candidate)) best = candidate
  }
  return best
}

const simplifications: ((setup: Setup) => Partial<Setup>)[] = [
  () => ({ climbs: false }),
  () => ({ wanders: false }),
  () => ({ nodes: 1 }),
  () => ({ brokerMs: 0 }),
  () => ({ apps: 1 }),
  ({ topics }) => ({ topics: topics.slice(0, 1) }),
  ({ badMs }) => ({ badMs: Math.min(badMs, 2_000) }),
  () => ({ inFlightBytes: 1_000_000 }),
  () => ({ bufferBytes: 1_000_000 }),
]
