import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of ours that can be asked things. */
export interface Worker {
  readonly process: ChildProcess
  ask<T>(name: string, data?: unknown): Promise<T>
  kill(): Promise<void>
}

interface Call {
  readonly id: number
  readonly name: string
  readonly data: unknown
}

/** @param file beside this one */
export function startWorker(file: string): Worker {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: ['--expose-gc', '--import', 'tsx', '--conditions=@holdfast/source'],
  })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let last = 0
  let killed = false
  child.on('message', ({ id, value }: { id: number; value: never }) => {
    waiting.get(id)?.resolve(value)
    waiting.delete(id)
  })
  const over = once(child, 'close')
  child.once('close', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code}`))
    if (!killed) throw new Error(`${file} ended by itself with ${code}`)
  })
  return {
    process: child,
    ask: (name, data) =>
      new Promise((resolve, reject) => {
        const id = ++last
        waiting.set(id, { resolve, reject })
        child.send({ id, name, data } satisfies Call)
      }),
    async kill() {
      killed = true
      child.kill('SIGKILL')
      await over
    },
  }
}

/** The other side: what can be asked, by name. */
export function answerCalls(answers: Record<string, (data: never) => unknown>): void {
  process.on('message', async ({ id, name, data }: Call) => {
    const value = await answers[name]?.(data as never)
    process.send?.({ id, value })
  })
  // Nobody is left to work for.
  process.on('disconnect', () => process.exit())
}
