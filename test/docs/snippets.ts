import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A block of the page, which is a module. */
interface Snippet {
  readonly file: string
  readonly code: string
}

export const page = new URL('../../docs/migrate.md', import.meta.url)
/** Where the blocks are, as files, and nothing else. */
const folder = new URL('dist/', import.meta.url)

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

/**
 * What a block exports. Its own types are checked with all the others; here nobody knows them.
 * @param file `chat.ts`, `chat.server.ts`, `chat.old.ts` or `chat.old-server.ts`
 */
export const load = (file: string): Promise<any> => import(/* @vite-ignore */ fileURLToPath(new URL(file, folder)))

function write(): void {
  mkdirSync(folder, { recursive: true })
  const files = new Set(snippets.map(({ file }) => file))
  if (files.size < snippets.length) throw new Error('docs/migrate.md: two blocks have the same kind and name')
  for (const file of readdirSync(folder))
    if (/\.tsx?$/.test(file) && !files.has(file)) rmSync(new URL(file, folder), { force: true })
  for (const { file, code } of snippets) put(new URL(file, folder), code)
}

function put(file: URL, code: string): void {
  if (present(file) === code) return
  const draft = new URL(`${file}.${process.pid}`)
  writeFileSync(draft, code)
  renameSync(draft, file)
}

function present(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
