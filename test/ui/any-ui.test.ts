import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { linesOf, uis } from './build.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const blocks = [...read('docs/any-ui.md').matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, path = '', code = '']) => ({ path, parts: code.split('…\n') }),
)

test('docs/any-ui.md has code of every UI', () => {
  const paths = blocks.map(({ path }) => path).join()
  for (const ui of uis) expect(paths).toContain(`playground/ui/${ui}/`)
})

test.each(blocks)('docs/any-ui.md shows $path as it is', ({ path, parts }) => {
  const source = read(path)
  let at = 0
  for (const part of parts) {
    expect(source.slice(at)).toContain(part)
    at = source.indexOf(part, at) + part.length
  }
})

test.each(uis)('%s has less than 60 lines', (ui) => {
  expect(linesOf(ui)).toBeLessThan(60)
})
