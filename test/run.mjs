// `npm test`: makes the clone ready, then checks, builds and tests. With arguments it is Vitest alone, with these.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureChromium, ensurePackages, ensureProxies } from './support/ensure.mjs'

const top = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const failures = []

ensurePackages()
if (!ensureChromium() && process.env.CI) failures.push('chromium')
if (!ensureProxies() && process.env.CI) failures.push('proxies')
if (args.length === 0) {
  if (node(['test/support/check.mjs']) !== 0) failures.push('check')
  if (node(['test/support/build.mjs']) !== 0) failures.push('build')
}
const { passed, failed } = vitest()

for (const name of failures) console.error(`${name} failed`)
console.log(`${passed} passed, ${failed + failures.length} failed`)
if (failed + failures.length > 0) process.exitCode = 1

function vitest() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  const file = join(folder, 'counts.json')
  const status = node(
    ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=./test/support/counts.mjs', ...args],
    { COUNTS_FILE: file },
  )
  const counts = read(file) ?? { passed: 0, failed: 0 }
  rmSync(folder, { recursive: true, force: true })
  // Vitest may fail for what is no test: no test file found, or a worker that died.
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

function node(command, env = {}) {
  const { status } = spawnSync(process.execPath, command, {
    cwd: top,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return status ?? 1
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
