import { createArena } from './arena.ts'
import { topicNames, vectors } from './conversation.ts'
import type { Dice } from './dice.ts'
import { address } from './entrances/address.ts'
import { client } from './entrances/client.ts'
import { posts } from './entrances/posts.ts'
import { websocket } from './entrances/websocket.ts'
import { createFindings, type Failing } from './findings.ts'
import { createHeap, type Heap } from './heap.ts'
import { createMutator } from './mutate.ts'
import { createRawServer } from './raw/server.ts'
import { createTrial, type Trial } from './trial.ts'

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  /** This input alone. */
  readonly only?: number | undefined
  /** Called now and then. @param done inputs */
  readonly progress?: (done: number) => void
}

export interface Verdict {
  /** Harm of any other kind than an answer that nothing documents. */
  readonly crashes: number
  readonly undocumented: number
  /** Null where garbage cannot be collected on demand, or where there were too few inputs. */
  readonly heap: Heap | null
  readonly answers: Readonly<Record<string, number>>
  readonly failing: readonly Failing[]
}

const checkEvery = 500
const rawAtOnce = 16
// Inputs of a client take some thirty times as long as those of a hub, and those of real sockets as well.
const shares = { client: 0.015, raw: 0.005 }

const foreign = [...vectors('up'), ...vectors('malformed up'), ...vectors('down')]

/** Hands in so many inputs, each made of the seed and its number alone, and looks at what comes of them. */
export async function fuzz({ inputs, seed, only, progress }: FuzzOptions): Promise<Verdict> {
  const findings = createFindings()
  const arena = await createArena()
  const known = [...topicNames, arena.victim, `$inbox/${arena.victim}`, 'honest']
  const raw = await createRawServer()
  const under = new Set<Promise<void>>()
  const heap = createHeap()

  const last = only ?? inputs - 1
  for (let n = only ?? 0; n <= last && !findings.full; n++) {
    const trial = createTrial(seed, n)
    const done = one(trial).then(
      () => findings.add(trial, arena.errors.splice(0)),
      (error) => findings.add(trial, [`crash: ${error instanceof Error ? error.stack : error}`]),
    )
    under.add(done)
    void done.then(() => under.delete(done))
    if (!trial.concurrent || under.size >= rawAtOnce) await done
    if ((n + 1) % checkEvery !== 0 && n !== last) continue
    await Promise.all(under)
    findings.add({ n, sent: [], harm: [] }, [...(await arena.check()), ...(await raw.check())])
    heap.sample()
    progress?.(n + 1)
  }
  findings.add({ n: last, sent: [], harm: [] }, [...(await raw.close()), ...(await arena.close())])
  return { ...findings.end(), heap: heap.thirds() }

  function one(trial: Trial): Promise<void> {
    const { dice } = trial
    const mutator = createMutator(dice, foreign, known)
    const end = (gone: () => void) => (dice.chance(0.8) ? gone() : arena.linger(gone))
    const kind = dice.roll()
    if (kind < shares.client) return client(trial, mutator, foreign)
    if (kind < shares.client + shares.raw) {
      trial.concurrent = true
      return raw.take(trial, mutator)
    }
    return dice.pick([websocket, websocket, posts, address])(arena.hub, trial, {
      mutator,
      headers: () => headersOf(dice),
      end,
    })
  }
}

const origins = ['http://x', 'https://x', 'null', 'http://evil.test', '', 'http://[', 'x', '__proto__', 'http://x:80']

function headersOf(dice: Dice): Record<string, string> {
  return { host: 'x', ...(dice.chance(0.05) && { origin: dice.pick(origins) }) }
}
