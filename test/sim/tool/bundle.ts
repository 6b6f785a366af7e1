import { join } from 'node:path'
import { build, type Plugin } from 'vite'
import type { Mutant } from './mutants.ts'

const top = join(import.meta.dirname, '../../..')

/**
 * Bundles the worker with the sources of client and hub; a mutant's are changed on the way, so that nothing of it is in the
 * product. Answers the file. Throws where a mutant no longer fits the sources.
 */
export async function bundle(name: string, mutant?: Mutant): Promise<string> {
  const outDir = join(top, 'node_modules/.cache/holdfast-sim', name)
  const conditions = ['@holdfast/source', 'module', 'node', 'production']
  const plugins = mutant ? [mutate(mutant)] : []
  await build({
    configFile: false,
    root: top,
    logLevel: 'error',
    plugins,
    ssr: { noExternal: [/^@holdfast\//], resolve: { conditions } },
    build: {
      ssr: join(import.meta.dirname, 'worker.ts'),
      outDir,
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'worker.mjs', codeSplitting: false } },
    },
  })
  return join(outDir, 'worker.mjs')
}

function mutate({ name, changes }: Mutant): Plugin {
  const left = new Set(changes)
  return {
    name: `mutant-${name}`,
    enforce: 'pre',
    transform(code, id) {
      let mutated = code
      for (const change of changes.filter(({ file }) => id.endsWith(file))) {
        if (mutated.split(change.from).length !== 2) {
          throw new Error(`mutant '${name}': '${change.from}' is not exactly once in ${change.file}`)
        }
        mutated = mutated.replace(change.from, () => change.to)
        left.delete(change)
      }
      return mutated
    },
    buildEnd(error) {
      if (!error && left.size > 0) throw new Error(`mutant '${name}': ${[...left].map(({ file }) => file)} is not used`)
    },
  }
}
