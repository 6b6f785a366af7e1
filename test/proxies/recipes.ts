import { readFileSync } from 'node:fs'
import { programPath } from '../support/ensure.mjs'

/** A configuration that docs/proxies.md shows, and what the page says of it. */
export interface Recipe {
  readonly heading: string
  readonly program: 'nginx' | 'haproxy'
  readonly config: string
  /** What carries behind it; null where nothing does. */
  readonly transport: string | null
  /** Why nothing better does. */
  readonly reason: string | null
}

/** Every configuration of the page, in order. */
export const recipes: readonly Recipe[] = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8')
  .split(/^##+ /m)
  .flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'))
    const [, ...blocks] = section.split(/^(?=```\w)/m)
    return blocks.map((block) => read(heading, block))
  })

export function recipe(heading: string, program: Recipe['program']): Recipe {
  const found = recipes.find((one) => one.heading === heading && one.program === program)
  if (!found) throw new Error(`docs/proxies.md has no ${program} in '${heading}'`)
  return found
}

/** Where a program is missing its tests are left out, but fail in CI. */
export const isMissing = ({ program }: Recipe): boolean =>
  !process.env.CI && [program, 'openssl'].some((name) => !programPath(name))

function read(heading: string, block: string): Recipe {
  const [, program, config, after] = /^```(nginx|haproxy)\n(.*?)^```\n(.*)$/ms.exec(block) ?? []
  const said = /^Transport: (?:none|`(\w+)`)(?:, (?:reason|error): `([\w-]+)`)?\.?$/m.exec(after ?? '')
  if (!program || !said)
    throw new Error(`docs/proxies.md, '${heading}': not nginx or HAProxy, or no line on what carries`)
  return { heading, program, config, transport: said[1] ?? null, reason: said[2] ?? null } as Recipe
}
