import { round } from '../harness/stats.ts'
import { createPair } from './pair.ts'
import type { ServerName } from './servers.ts'

export interface SessionCosts {
  readonly name: ServerName
  /** kB of a session that has been sent something, and has said something, in the whole process and on the heap. */
  readonly rss: number
  readonly heap: number
  /** µs of the server's CPU for something short that a client says; 0 where clients say nothing. */
  readonly heard: number
}

const few = 200
const many = 1_200

/** What a session costs a server, of a thousand more. */
export async function measureSessions(
  files: { readonly server: string; readonly clients: string },
  name: ServerName,
): Promise<SessionCosts> {
  const pair = await createPair(files, { name, clients: few }, ['--expose-gc'])
  const used = async () => {
    await pair.send({ windowMs: 1_000, inFlight: 1, payload: 'chat' })
    // With what a client says for the first time its inflater comes.
    await pair.hear(1)
    return pair.memory()
  }
  try {
    const before = await used()
    await pair.open(many)
    const after = await used()
    const each = (figure: 'rss' | 'heap') => round((after[figure] - before[figure]) / (many - few) / 1_000)
    return { name, rss: each('rss'), heap: each('heap'), heard: round(await pair.hear(10)) }
  } finally {
    await pair.stop()
  }
}
