import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const folder = new URL('../../playground/src/systems/', import.meta.url)
const limits: Readonly<Record<string, number>> = { 'collab.ts': 60 }
const servers = readdirSync(folder).filter((file) => file.endsWith('.server.ts'))

describe('each system is a few lines on either side', () => {
  test.each(servers.flatMap((file) => [file.replace('.server', ''), file]))('%s', (file) => {
    const lines = readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n').length
    expect(lines).toBeLessThanOrEqual(limits[file] ?? 40)
  })
})
