// Everything that can be said about the code without running it. All parts report, even when one has failed.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)
const biome = bin('@biomejs/biome', 'biome')
const tsc = bin('typescript', 'tsc')

const parts = [
  ['biome', [biome, 'check', '--error-on-warnings', '.']],
  ['types', [tsc, '--noEmit']],
  ...packageTypes(),
  ['lines', ['test/support/lines.mjs']],
  ['lock', ['test/support/lock.mjs']],
  ['size', ['test/support/size.mjs']],
]

const results = await Promise.all(parts.map(([name, args]) => run(name, args)))
for (const { name, output, ok } of results) {
  if (output) console.log(output)
  if (!ok) console.error(`check: ${name} failed`)
}
const failed = results.filter(({ ok }) => !ok)
console.log(failed.length === 0 ? 'check: all is well' : `check: failed: ${failed.map(({ name }) => name).join(', ')}`)
if (failed.length > 0) process.exitCode = 1

/** Each package once more by its own rules: the client and the protocol may not use what only Node has. */
function packageTypes() {
  return readdirSync(join(top, 'packages'))
    .map((name) => [name, join('packages', name, 'tsconfig.build.json')])
    .filter(([, config]) => existsSync(join(top, config)))
    .map(([name, config]) => [
      `types of ${name}`,
      [tsc, '-p', config, '--noEmit', '--rootDir', '.', '--customConditions', '@holdfast/source'],
    ])
}

function run(name, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: top })
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('close', (code) => resolve({ name, output: Buffer.concat(chunks).toString().trimEnd(), ok: code === 0 }))
  })
}

function bin(packageName, command) {
  const manifest = require.resolve(`${packageName}/package.json`)
  return join(dirname(manifest), require(manifest).bin[command])
}
