import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { page, snippets } from './snippets.ts'

const top = fileURLToPath(new URL('../..', import.meta.url))

test('every block of docs/migrate.md compiles, by the rules of this repository', () => {
  const args = ['node_modules/typescript/bin/tsc', '-p', 'test/docs/tsconfig.json', '--pretty', 'false']
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: top, encoding: 'utf8', timeout: 60_000 })
  expect(stdout).toBe('')
  expect(status).toBe(0)
  console.log(`${snippets.length} blocks`)
}, 60_000)

test('every link of docs/migrate.md leads to a file, or to a heading of the page', () => {
  const text = readFileSync(page, 'utf8')
  const headings = [...text.matchAll(/^##+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
  const targets = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
  const isThere = (target: string) =>
    target.startsWith('#')
      ? headings.includes(target.slice(1))
      : existsSync(new URL(target.split('#', 1)[0] ?? '', page))
  expect(targets.length).toBeGreaterThan(20)
  expect(targets.filter((target) => !isThere(target))).toEqual([])
})
