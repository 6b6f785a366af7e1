import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface RunningPlayground {
  readonly url: string
  /** Asks it to end, as Ctrl-C does, and answers its exit code. */
  stop(): Promise<number | null>
}

const start = fileURLToPath(new URL('../../playground/start.mjs', import.meta.url))
const patienceMs = 15_000

/** The playground in a process of its own, on a free port, as `npm start` runs it. */
export async function runPlayground(): Promise<RunningPlayground> {
  const child = spawn(process.execPath, [start], {
    env: { ...process.env, PORT: '0', NODE_ENV: 'test' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const url = await Promise.race([printedAddress(child.stdout), exited.then(() => null)])
  if (!url) throw new Error('the playground ended before it printed its address')
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      const code = await exited
      clearTimeout(late)
      return code
    },
  }
}

async function printedAddress(output: NodeJS.ReadableStream): Promise<string | null> {
  for await (const line of createInterface({ input: output })) {
    const address = /http:\/\/[\d.]+:\d+/.exec(line)
    if (!address) continue
    // What it prints later has to go somewhere.
    output.resume()
    return address[0]
  }
  return null
}
