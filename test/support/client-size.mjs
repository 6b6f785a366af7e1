// What an application pays for what it imports: bundled for ES2022, minified and gzipped; and what of it the libraries are, which
// is a bundle of what our code imports from them (docs/decisions/0005-client-size.md).
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions } from 'vite'

const top = fileURLToPath(new URL('../..', import.meta.url))
const entry = '\0size-entry'

/** Bytes of a bundle of `source`, in total, of these libraries, and ours. Throws where one of them is not used. */
export async function sizeOf(source, libraries) {
  const [whole, bare] = await Promise.all([bundled(source), bundled(source, libraries)])
  const total = gzipped(whole)
  const theirs = gzipped(await bundled(importsOf(bare, libraries)))
  return { total, theirs, ours: total - theirs }
}

/** The code of a bundle of `source`, minified. */
async function bundled(source, external = []) {
  const { output } = await build({
    root: top,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@holdfast/source', ...defaultClientConditions] },
    plugins: [entryPlugin(source)],
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: entry,
        external,
        preserveEntrySignatures: 'strict',
      },
    },
  })
  return output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : chunk.source)).join('\n')
}

/** A module that exports what `code` imports from the libraries; an import of another form, or of another package, is an error. */
function importsOf(code, libraries) {
  const statements = code.match(/\bimport\b[^;]*?\bfrom\b\s*["'`][^"'`]+["'`]/g) ?? []
  const read = statements.map((statement) => {
    const [, names, from] = /^import\s*\{([^}]+)\}\s*from\s*["'`]([^"'`]+)["'`]$/.exec(statement) ?? []
    if (!libraries.includes(from)) throw new Error(`size: cannot tell what this import brings: ${statement}`)
    return { from, names: names.split(',').map((name) => name.trim().split(' as ')[0]) }
  })
  const missing = libraries.filter((library) => !read.some(({ from }) => from === library))
  if (missing.length > 0) throw new Error(`size: no import of ${missing} was found in the bundle`)
  return read.map(({ from, names }) => `export { ${names.join(', ')} } from '${from}'`).join('\n')
}

function gzipped(code) {
  return gzipSync(code, { level: 9 }).length
}

function entryPlugin(source) {
  return {
    name: 'size-entry',
    resolveId: (id) => (id === entry ? id : undefined),
    load: (id) => (id === entry ? source : undefined),
  }
}
