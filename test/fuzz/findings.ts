import type { Trial } from './trial.ts'

export interface Failing {
  /** The input, or the last of those since all was well. */
  readonly n: number
  readonly harm: readonly string[]
  readonly sent: readonly string[]
}

export type Findings = ReturnType<typeof createFindings>

const most = 20
const shownCharacters = 2_000

/** Gathers what came of the inputs, and what nobody has caught meanwhile. */
export function createFindings() {
  const answers: Record<string, number> = {}
  const failing: Failing[] = []
  const thrown: string[] = []
  let crashes = 0
  let undocumented = 0
  const caught = (error: unknown) =>
    void thrown.push(`crash: uncaught ${error instanceof Error ? error.stack : String(error)}`)
  process.on('uncaughtException', caught)
  process.on('unhandledRejection', caught)

  return {
    /** There is no need to go on. */
    get full() {
      return failing.length >= most
    },
    add(
      { n, sent, harm, answers: own }: Pick<Trial, 'n' | 'sent' | 'harm'> & Partial<Trial>,
      more: readonly string[],
    ): void {
      for (const [code, count] of own ?? []) answers[code] = (answers[code] ?? 0) + count
      const all = [...harm, ...more, ...thrown.splice(0)]
      // What the edges would put there.
      if ('polluted' in {}) all.push('crash: Object.prototype was changed')
      if (all.length === 0) return
      const documented = all.filter((what) => !what.startsWith('undocumented')).length
      crashes += documented
      undocumented += all.length - documented
      failing.push({ n, harm: all, sent: sent.map((text) => text.slice(0, shownCharacters)) })
    },
    end() {
      process.off('uncaughtException', caught)
      process.off('unhandledRejection', caught)
      const sorted = Object.fromEntries(Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1)))
      return { crashes, undocumented, answers: sorted, failing }
    },
  }
}
