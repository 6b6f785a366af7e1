// Guards what an application pays for `connect`: bundled, minified and gzipped, in total, and what of it is ours, which is the
// total less a bundle of what our code imports from the libraries (docs/decisions/0005-client-size.md). And for `topicStore`
// alone, with @xstate/store.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions } from 'vite'

const top = fileURLToPath(new URL('../..', import.meta.url))
// The goal for ours is 10,000; why it is not reached, and what it consists of, stands in the decision.
const limits = { total: 28_460, ours: 13_380, store: 6_000 }
const libraries = ['xstate', 'rxjs', 'eventsource-parser']
const entry = '\0size-entry'

if (!readFileSync(`${top}packages/client/src/index.ts`, 'utf8').includes('connect')) {
  console.log('size: there is no connect yet')
  process.exit()
}

const connect = "export { connect } from '@holdfast/client'"
const topicStore = "export { topicStore } from '@holdfast/store'"
const [whole, bare, store] = await Promise.all([bundled(connect), bundled(connect, libraries), bundled(topicStore)])
const total = gzipped(whole)
const theirs = gzipped(await bundled(importsOf(bare)))
const sizes = { total, ours: total - theirs, store: gzipped(store) }

console.log(
  `size: connect: ${total} bytes gzipped, the libraries ${theirs}, ours ${sizes.ours}; topicStore: ${sizes.store}`,
)
for (const [name, bytes] of Object.entries(sizes)) {
  if (bytes <= limits[name]) continue
  console.error(`size: ${name} is ${bytes} bytes, at most ${limits[name]} are allowed`)
  process.exitCode = 1
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
function importsOf(code) {
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
