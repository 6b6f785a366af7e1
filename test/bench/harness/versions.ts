import { createRequire } from 'node:module'

/** Of what is measured beside us, and what we are built on. */
export const versionsOf = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, createRequire(import.meta.url)(`${name}/package.json`).version]))
