import type { Samples } from '../harness/interleave.ts'
import { round, type Summary, summarize } from '../harness/stats.ts'
import type { Goal, Row } from './rows.ts'

export const latencies = [50, 0] as const
type Latency = (typeof latencies)[number]

/** One round trip for TCP and one for the request; at 0 ms what a machine at rest takes. */
const ideal: Readonly<Record<Latency, number>> = { 50: 204, 0: 3 }

/** What the table says of the healthy row, which is judged by the bare WebSocket. */
const healthy: Readonly<Record<Latency, number>> = { 50: 215, 0: 5 }

export interface Line extends Summary {
  readonly name: string
  readonly latencyMs: number
  readonly goal: number | null
  /** The goal on this machine, at this time. */
  readonly allowed: number | null
  /** To the bare WebSocket. */
  readonly ratio: number
  readonly verdict: string
  readonly failures: readonly string[]
}

type AllSamples = ReadonlyMap<string, Samples>

export function judge(yardsticks: readonly string[], rows: readonly Row[], samples: AllSamples) {
  const lines: Line[] = []
  const measure = (name: string, latencyMs: Latency, figure: string) => {
    const { figures, failures } = samples.get(`${name} ${latencyMs}`) ?? { figures: new Map(), failures: ['never run'] }
    return { summary: summarize(figures.get(figure) ?? []), failures }
  }

  for (const latencyMs of latencies) {
    const medians = yardsticks.map((name) => measure(name, latencyMs, 'firstMessage').summary.median)
    const bare = medians[0] ?? Number.NaN
    const slack = Math.max(0, ...medians.map((median) => median - ideal[latencyMs]))
    const add = (name: string, rowName: string, goal: Goal | null) => {
      const { summary, failures } = measure(rowName, latencyMs, goal?.figure ?? 'firstMessage')
      const allowed = goal && allowedFor(goal, latencyMs, bare, slack)
      const verdict = failures.length > summary.count / 10 ? 'FAILED' : judged(summary.median, allowed)
      const aim = goal && (goal.goal ?? healthy)[latencyMs]
      lines.push({
        name,
        latencyMs,
        goal: aim,
        allowed,
        ratio: round(summary.median / bare, 2),
        verdict,
        failures,
        ...summary,
      })
    }
    for (const name of yardsticks) add(name, name, null)
    for (const { name, goals } of rows) {
      for (const goal of goals) add(goal.what ? `${name}: ${goal.what}` : name, name, goal)
    }
  }
  const title = ({ name, latencyMs }: Line) => `${name} at ${latencyMs} ms`
  const missed = lines.filter(({ verdict }) => verdict !== 'met' && verdict !== '').map(title)
  const notes = lines.flatMap((line) => line.failures.map((failure) => `a try failed: ${title(line)}: ${failure}`))
  return { lines, missed, notes }
}

function allowedFor({ goal, opens }: Goal, latencyMs: Latency, bare: number, slack: number): number {
  if (!goal) return round(latencyMs === 0 ? bare + 3 : 1.1 * bare)
  return round(goal[latencyMs] + opens * slack)
}

function judged(median: number, allowed: number | null): string {
  if (allowed === null) return ''
  return median <= allowed ? 'met' : 'MISSED'
}
