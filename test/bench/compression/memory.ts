import { round } from '../harness/stats.ts'
import { createPair } from './pair.ts'
import type { ServerName } from './servers.ts'

export interface SessionMemory {
  readonly name: ServerName
  /** kB of a session that has been sent something, and has said something, in the whole process and on the heap. */
  readonly rss: number
  readonly heap: number
}

const few = 200
const many = 1_200

/** What a thousand sessions add to a server, each in a process of its own. */
export async function measureMemory(
  files: { readonly server: string; readonly clients: string },
  name: ServerName,
): Promise<SessionMemory> {
  const pair = await createPair(files, { name, clients: few }, ['--expose-gc'])
  const used = async () => {
    await pair.send({ windowMs: 1_000, inFlight: 1, payload: 'chat' })
    return pair.memory()
  }
  try {
    const before = await used()
    await pair.open(many)
    const after = await used()
    const each = (figure: 'rss' | 'heap') => round((after[figure] - before[figure]) / (many - few) / 1_000)
    return { name, rss: each('rss'), heap: each('heap') }
  } finally {
    await pair.stop()
  }
}
