// Compiles every package to its dist/, then imports each of its exports as a user's plain Node would.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))
const tsc = join(top, 'node_modules/typescript/bin/tsc')

const packages = inOrder(readManifests())
for (const { folder } of packages) {
  rmSync(join(top, folder, 'dist'), { recursive: true, force: true })
  if (node([tsc, '-p', join(folder, 'tsconfig.build.json')]) !== 0) process.exit(1)
}
for (const { folder, manifest } of packages) {
  for (const [name, { types, default: file }] of Object.entries(manifest.exports)) {
    const missing = [types, file].filter((path) => !existsSync(join(top, folder, path)))
    const specifier = manifest.name + name.slice(1)
    if (missing.length > 0) fail(`${specifier} lacks ${missing.join(' and ')}`)
    if (node(['--input-type=module', '--eval', `await import('${specifier}')`]) !== 0)
      fail(`${specifier} does not load`)
    console.log(`build: ${specifier}`)
  }
}

function readManifests() {
  return readdirSync(join(top, 'packages'))
    .map((name) => join('packages', name))
    .filter((folder) => existsSync(join(top, folder, 'package.json')))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(top, folder, 'package.json'), 'utf8')) }))
}

/** What a package imports is built before it, for it is compiled against the other's dist/. */
function inOrder(all, done = []) {
  if (done.length === all.length) return done
  const known = new Set(all.map(({ manifest }) => manifest.name))
  const built = new Set(done.map(({ manifest }) => manifest.name))
  const ready = all.filter(
    ({ manifest }) =>
      !built.has(manifest.name) &&
      Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).every(
        (name) => !known.has(name) || built.has(name),
      ),
  )
  if (ready.length === 0) fail('the packages import each other in a circle')
  return inOrder(all, [...done, ...ready])
}

function node(args) {
  // Without the source condition, however this was started.
  const { NODE_OPTIONS, ...env } = process.env
  return spawnSync(process.execPath, args, { cwd: top, stdio: 'inherit', env }).status ?? 1
}

function fail(message) {
  console.error(`build: ${message}`)
  process.exit(1)
}
