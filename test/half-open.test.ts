import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Figure, Result } from './half-open/tries.ts'

/**
 * A link dies without a word: its TCP connections stay open, and nothing passes any more, in one direction or in both. Each
 * try is a client with default timing behind a port of its own, and all tries run side by side, each with its own moment.
 *
 * Noticed is what a person sees in `state$`: the state `online.suspect`, or another transport or none. Online again is when
 * `state$` names the other transport, on which a request is then answered.
 */
const goals = { sending: 3_000, idle: 10_000, again: 1_000 }
const seed = Math.floor(Math.random() * 2 ** 31)

describe('a dead link is noticed, and replaced where another transport works', () => {
  test.concurrent.each(['sending', 'idle'] as const)(
    '%s',
    async (traffic) => {
      const results = await run(traffic)
      console.log(`seed ${seed}`)
      for (const { dying, muted, noticedMs, againMs, share } of results) {
        const name = `${traffic}, ${dying}, muted ${muted === 'both' ? 'both ways' : muted}`.padEnd(35)
        console.log(
          `${name} noticed ${show(noticedMs)}; online again ${show(againMs)}; ${Math.round(100 * share)} % of the machine`,
        )
        // By the clock, as long as the machine has half of its time for this.
        expect(noticedMs.median).toBeLessThan(goals[traffic] * Math.max(1, 0.5 / share))
        expect(noticedMs.ownMax).toBeLessThan(goals[traffic])
        // To be online again takes many turns of the loop, each of which waits for the machine.
        expect(againMs.ownMax).toBeLessThan(goals.again / share)
      }
      expect(results).toHaveLength(6)
    },
    120_000,
  )
})

async function run(traffic: keyof typeof goals): Promise<Result[]> {
  const file = fileURLToPath(new URL('half-open/tries.ts', import.meta.url))
  const args = ['--import', 'tsx', '--conditions=@holdfast/source', file, traffic, String(seed)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 110_000 })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const show = ({ median, max, ownMax }: Figure) => `median ${median} ms, max ${max} ms (${ownMax} of its own)`
