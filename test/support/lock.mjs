// Guards the lock file: it names no registry, and holds the optional packages of every platform, not of this one alone.
import { readFileSync } from 'node:fs'

const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'))
const held = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)))
const faults = []

for (const [path, entry] of Object.entries(packages)) {
  if (entry.resolved && !entry.link) faults.push(`${path} has an address`)
  if (path.includes('node_modules/') && !entry.link && !entry.integrity) faults.push(`${path} has no integrity`)
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!held.has(name)) faults.push(`${path} wants ${name}, which is missing: npm ci will refuse the lock file`)
  }
}

for (const fault of faults) console.error(`lock: ${fault}`)
if (faults.length > 0) process.exitCode = 1
