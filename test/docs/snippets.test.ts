import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { snippets } from './snippets.ts'

const top = fileURLToPath(new URL('../..', import.meta.url))

test('every block of docs/migrate.md compiles, by the rules of this repository', () => {
  const args = ['node_modules/typescript/bin/tsc', '-p', 'test/docs/tsconfig.json', '--pretty', 'false']
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: top, encoding: 'utf8', timeout: 60_000 })
  expect(stdout).toBe('')
  expect(status).toBe(0)
  console.log(`${snippets.length} blocks`)
}, 60_000)
