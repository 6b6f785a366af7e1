// Guards what an application pays for `connect`: bundled, minified and gzipped, in total and without the libraries.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions } from 'vite'

const top = fileURLToPath(new URL('../..', import.meta.url))
const limits = { total: 28_000, ours: 10_000 }
const libraries = /^(xstate|rxjs|eventsource-parser)(\/|$)/
const entry = '\0size-entry'

if (!readFileSync(`${top}packages/client/src/index.ts`, 'utf8').includes('connect')) {
  console.log('size: there is no connect yet')
  process.exit()
}

const [total, ours] = await Promise.all([gzipped([]), gzipped([libraries])])

let tooBig = false
for (const [name, bytes] of Object.entries({ total, ours })) {
  tooBig ||= bytes > limits[name]
  console.log(`size: connect, ${name}: ${bytes} bytes gzipped (at most ${limits[name]})`)
}
if (tooBig) {
  console.error('size: the client has grown past its limit')
  process.exitCode = 1
}

async function gzipped(external) {
  const { output } = await build({
    root: top,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@holdfast/source', ...defaultClientConditions] },
    plugins: [entryPlugin()],
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
  const code = output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : chunk.source)).join('\n')
  return gzipSync(code, { level: 9 }).length
}

function entryPlugin() {
  return {
    name: 'size-entry',
    resolveId: (id) => (id === entry ? id : undefined),
    load: (id) => (id === entry ? "export { connect } from '@holdfast/client'" : undefined),
  }
}
