import { fork } from 'node:child_process'
import type { Outcome } from '../run.ts'

/** Seeds to run, one after the other. */
export interface Order {
  readonly first: number
  readonly count: number
  /** Prints what happens. */
  readonly trace: boolean
}

/** `crash`: the run itself threw. */
export type Answer = (Outcome | { readonly seed: number; readonly crash: string })[]

const chunk = 20

/** Runs seeds in child processes. `take` is given every answer, and says false when that was enough. */
export async function runSeeds(
  file: string,
  first: number,
  count: number,
  workers: number,
  take: (outcome: Answer[number]) => boolean,
  trace = false,
): Promise<void> {
  let next = first
  let enough = false

  const work = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(file, {
        execArgv: ['--max-semi-space-size=64'],
        stdio: ['ignore', trace ? 'inherit' : 'ignore', 'inherit', 'ipc'],
      })
      const order = () => {
        if (enough || next >= first + count) return child.disconnect()
        const size = Math.min(chunk, first + count - next)
        child.send({ first: next, count: size, trace } satisfies Order)
        next += size
      }
      child.on('message', (answer: Answer) => {
        for (const outcome of answer) if (!take(outcome)) enough = true
        if (answer[0]?.seed !== -1) order()
      })
      child.once('exit', (code, signal) => (code ? reject(new Error(`a worker ended: ${code ?? signal}`)) : resolve()))
      child.once('error', reject)
      order()
    })

  await Promise.all(Array.from({ length: workers }, work))
}
