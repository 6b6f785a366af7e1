import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A block of the page, which is a module. */
interface Snippet {
  readonly file: string
  readonly code: string
}

const page = new URL('../../docs/migrate.md', import.meta.url)
/** Where the snippets are, as files. Nothing but what is generated is here. */
export const folder = new URL('dist/', import.meta.url)

const kinds: Readonly<Record<string, string>> = {
  old: '.old',
  'old-server': '.old-server',
  holdfast: '',
  server: '.server',
}

export const snippets: readonly Snippet[] = [...readFileSync(page, 'utf8').matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(
  ([, info = '', code = '']) => {
    const [language = '', kind = '', name] = info.split(' ')
    const suffix = kinds[kind]
    if (!['ts', 'tsx'].includes(language) || suffix === undefined || !name)
      throw new Error(`docs/migrate.md: a block is \`ts\` or \`tsx\`, its kind and its name, and not '${info}'`)
    return { file: `${name}${suffix}.${language}`, code }
  },
)

// Written once a process. Others may do the same at this moment: each file is there as a whole or not at all.
write()

/** What a block exports. Its own types were checked with all the others; here nobody knows them. */
type Exports = Readonly<Record<string, (...args: any[]) => any>>

/** @param file `chat.ts`, `chat.server.ts`, `chat.old.ts` or `chat.old-server.ts` */
export const load = (file: string): Promise<Exports> => import(/* @vite-ignore */ fileURLToPath(new URL(file, folder)))

/** Writes a module beside the snippets, unless it stands there already. */
export function writeModule(file: string, code: string): void {
  const target = new URL(file, folder)
  if (present(target) === code) return
  const draft = new URL(`${file}.${process.pid}`, folder)
  writeFileSync(draft, code)
  renameSync(draft, target)
}

function write(): void {
  mkdirSync(folder, { recursive: true })
  const files = new Set(snippets.map(({ file }) => file))
  if (files.size < snippets.length) throw new Error('docs/migrate.md: two blocks have the same kind and name')
  for (const file of readdirSync(folder))
    if (/\.tsx?$/.test(file) && !files.has(file)) rmSync(new URL(file, folder), { force: true })
  for (const { file, code } of snippets) writeModule(file, code)
}

function present(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
