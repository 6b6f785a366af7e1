import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

type Export = Record<'@holdfast/source' | 'types' | 'default', string>

const packages = fileURLToPath(new URL('../packages/', import.meta.url))
const entries = readdirSync(packages)
  .filter((folder) => existsSync(`${packages}${folder}/package.json`))
  .flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(`${packages}${folder}/package.json`, 'utf8'))
    return Object.entries<Export>(manifest.exports).map(([path, entry]) => ({
      folder,
      specifier: manifest.name + path.slice(1),
      entry,
    }))
  })

test.each(entries)(
  '$specifier is loaded from its source here, and from dist by users',
  async ({ folder, specifier, entry }) => {
    const source = entry['@holdfast/source']
    const name = source.replace(/^\.\/src\/(.*)\.ts$/, '$1')
    expect(Object.entries(entry)).toEqual([
      ['@holdfast/source', `./src/${name}.ts`],
      ['types', `./dist/${name}.d.ts`],
      ['default', `./dist/${name}.js`],
    ])
    const loaded = await import(specifier)
    expect(loaded).toBe(await import(join(packages, folder, source)))
  },
)
