import { execFileSync, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'vite'

/** A process of its own that answers what it is asked. */
export interface Child {
  readonly pid: number
  /** Rejects with what the child threw, when it dies, and after two minutes. */
  ask<Answer>(what: string, argument?: unknown): Promise<Answer>
  /** Ends it by its id; resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface Reply {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

const top = join(import.meta.dirname, '../../..')
// Of this run alone: what another one builds meanwhile may be of other sources.
const outDir = join(top, `node_modules/.cache/holdfast-bench/${process.pid}`)
const askMs = 120_000

/**
 * Bundles the modules that children run, ours from their sources, and answers where they are. Not by tsx: it wraps each
 * closure at its creation to keep its name, which costs what is measured here.
 * @param entries by name, from `test/bench`
 */
export async function bundleChildren<Name extends string>(
  entries: Readonly<Record<Name, string>>,
): Promise<Record<Name, string>> {
  const names = Object.keys(entries) as Name[]
  process.on('exit', () => rmSync(outDir, { recursive: true, force: true }))
  await build({
    configFile: false,
    root: top,
    logLevel: 'error',
    ssr: {
      noExternal: [/^@holdfast\//],
      resolve: { conditions: ['@holdfast/source', 'module', 'node', 'production'] },
    },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: {
        input: Object.fromEntries(names.map((name) => [name, join(top, 'test/bench', entries[name])])),
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  })
  return Object.fromEntries(names.map((name) => [name, join(outDir, `${name}.mjs`)])) as Record<Name, string>
}

export function startChild(file: string, args: readonly string[] = [], flags: readonly string[] = []): Child {
  const name = [basename(file, '.mjs'), ...args].join('-').replace(/\W+/g, '-')
  const execArgv = [...flags, ...profiling(name)]
  const child = fork(file, args, { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const waiting = new Map<number, (reply: Reply) => void>()
  let asked = 0
  const fail = (error: string) => {
    for (const settle of waiting.values()) settle({ id: 0, error })
  }
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      fail(`${name} ended: ${signal ?? code}`)
      resolve()
    })
  })
  child.on('error', (error) => fail(`${name}: ${error.message}`))
  child.on('message', (reply: Reply) => waiting.get(reply.id)?.(reply))

  return {
    pid: child.pid ?? 0,
    ask<Answer>(what: string, argument?: unknown) {
      const id = ++asked
      return new Promise<Answer>((resolve, reject) => {
        const settle = ({ answer, error }: Reply) => {
          clearTimeout(late)
          waiting.delete(id)
          if (error === undefined) resolve(answer as Answer)
          else reject(new Error(`${what}: ${error}`))
        }
        const late = setTimeout(() => settle({ id, error: `no answer from ${name}` }), askMs)
        waiting.set(id, settle)
        if (child.connected) child.send({ id, what, argument })
        else settle({ id, error: 'the process is gone' })
      })
    },
    stop(signal) {
      // Exits by itself when its parent lets go; with a signal, at once.
      if (signal) child.kill(signal)
      else if (child.connected) child.disconnect()
      return gone
    },
  }
}

/**
 * Keeps a process to these cores, such as `0` or `0,1`, with all its threads. Where there is no `taskset`, or not so many cores, the
 * scheduler goes on as it likes.
 */
export function pin({ pid }: Child, cores: string): void {
  try {
    execFileSync('taskset', ['-a', '-p', '-c', cores, `${pid}`], { stdio: 'ignore' })
  } catch {
    // Another system than Linux.
  }
}

/** With BENCH_PROFILE=DIR in the environment each child leaves a CPU profile there, under its name, when it ends. */
function profiling(name: string): string[] {
  const { BENCH_PROFILE: dir } = process.env
  return dir ? ['--cpu-prof', `--cpu-prof-dir=${dir}`, `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`] : []
}
