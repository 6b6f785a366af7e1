import { createArena } from './arena.ts'
import { topicNames, vectors } from './conversation.ts'
import type { Dice } from './dice.ts'
import { address } from './entrances/address.ts'
import { client } from './entrances/client.ts'
import type { Entrance } from './entrances/entrance.ts'
import { posts } from './entrances/posts.ts'
import { websocket } from './entrances/websocket.ts'
import { createMutator } from './mutate.ts'
import { createTrial, type Trial } from './trial.ts'

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  /** This input alone. */
  readonly only?: number | undefined
  /** After each check of the world. @param done share of the inputs */
  readonly progress?: ((done: number) => void) | undefined
}

export interface Verdict {
  readonly answers: Record<string, number>
  readonly crashes: number
  readonly undocumented: number
  readonly failing: readonly Failing[]
}

export interface Failing {
  /** The input, or the last of those since the world was well. */
  readonly n: number
  readonly harm: readonly string[]
  readonly sent: readonly string[]
}

const checkEvery = 500
// Each takes as long as ten others.
const clientShare = 1
const mostFailing = 2000

const foreign = [...vectors('up'), ...vectors('malformed up'), ...vectors('down')]

/** Hands in so many inputs, each made of the seed and its number alone, and looks at what comes of them. */
export async function fuzz({ inputs, seed, only, progress }: FuzzOptions): Promise<Verdict> {
  const answers: Record<string, number> = {}
  const failing: Failing[] = []
  const thrown: string[] = []
  let crashes = 0
  let undocumented = 0
  const arena = await createArena()
  const known = [...topicNames, arena.victim, `$inbox/${arena.victim}`, 'honest']
  const stopWatching = watch(thrown)

  const first = only ?? 0
  for (let n = first; n < (only === undefined ? inputs : first + 1); n++) {
    const trial = createTrial(seed, n)
    await one(trial)
    for (const [code, count] of trial.answers) answers[code] = (answers[code] ?? 0) + count
    note(trial, [...trial.harm, ...thrown.splice(0), ...arena.errors.splice(0)])
    if ((n + 1) % checkEvery === 0 || only !== undefined || n + 1 === inputs) {
      note({ n, sent: [] }, [...(await arena.check()), ...thrown.splice(0)])
      progress?.((n + 1) / inputs)
    }
    if (failing.length >= mostFailing) break
  }
  await arena.close()
  stopWatching()
  return { answers, crashes, undocumented, failing }

  async function one(trial: Trial): Promise<void> {
    const { dice } = trial
    const tools = {
      mutator: createMutator(dice, foreign, known),
      headers: () => headersOf(dice),
      end: (gone: () => void) => (dice.chance(0.8) ? gone() : arena.linger(gone)),
    }
    try {
      if (dice.chance(clientShare)) await client(trial, tools.mutator, foreign)
      else await entranceOf(dice)(arena.hub, trial, tools)
    } catch (error) {
      trial.harm.push(`crash: ${error instanceof Error ? error.stack : error}`)
    }
  }

  function note({ n, sent }: Pick<Trial, 'n' | 'sent'>, harm: readonly string[]): void {
    if (harm.length === 0) return
    const documented = harm.filter((what) => !what.startsWith('undocumented')).length
    crashes += documented
    undocumented += harm.length - documented
    failing.push({ n, harm, sent: sent.map((text) => (text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text)) })
  }
}

function entranceOf(dice: Dice): Entrance {
  const kind = dice.roll()
  return kind < 0.5 ? websocket : kind < 0.8 ? posts : address
}

const origins = ['http://x', 'https://x', 'null', 'http://evil.test', '', 'http://[', 'x', '__proto__', 'http://x:80']

function headersOf(dice: Dice): Record<string, string> {
  return { host: 'x', ...(dice.chance(0.05) && { origin: dice.pick(origins) }) }
}

/** Notes what nobody has caught. */
function watch(thrown: string[]): () => void {
  const caught = (error: unknown) => thrown.push(`crash: uncaught ${error instanceof Error ? error.stack : error}`)
  process.on('uncaughtException', caught)
  process.on('unhandledRejection', caught)
  return () => {
    process.off('uncaughtException', caught)
    process.off('unhandledRejection', caught)
  }
}
