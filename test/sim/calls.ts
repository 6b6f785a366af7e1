import { HoldfastError } from '@holdfast/client/core'
import type { Report } from './harm.ts'
import type { Call, Truth } from './truth.ts'

/** Checks what senders are told of their messages and requests. */
export interface Calls {
  /** @param check what is wrong with the value it resolved with; `isDead`: nobody is there any more to be told */
  track<T>(call: Call, send: () => Promise<T>, check: (value: T) => string | null, isDead?: () => boolean): void
  /** Whether each is settled. */
  readonly settled: boolean
  /** By now each is settled, and what was refused was never applied. */
  finish(): void
}

export function createCalls(truth: Truth, report: Report, note: (text: string) => void): Calls {
  const open = new Map<string, () => boolean>()
  const refused = new Map<string, string>()

  return {
    track(call, send, check, isDead = () => false) {
      truth.expect(call)
      open.set(call.id, isDead)
      send().then(
        (value) => {
          open.delete(call.id)
          note(`${call.kind} ${call.id} is done`)
          const wrong = truth.applied(call.id) === 0 ? 'nothing was applied' : check(value)
          if (wrong) report('falseReceipts', `${call.kind} ${call.id} resolved, but ${wrong}`)
        },
        (error) => {
          open.delete(call.id)
          note(`${call.kind} ${call.id} failed: ${error.code} ${error.outcome}`)
          if (error.outcome === 'unknown') truth.tally.unknown++
          if (!(error instanceof HoldfastError) || !error.outcome) {
            report('untruths', `${call.kind} ${call.id} failed without an outcome: ${error}`)
          } else if (error.outcome !== 'unknown' && error.code !== 'handler-failed') {
            refused.set(call.id, `${error.outcome} (${error.code})`)
          }
        },
      )
    },
    get settled() {
      return [...open.values()].every((isDead) => isDead())
    },
    finish() {
      for (const [id, isDead] of open) if (!isDead()) report('stuck', `${id} was never settled`)
      for (const [id, outcome] of refused) {
        if (truth.applied(id) > 0) report('untruths', `${id} was ${outcome}, and yet it was applied`)
      }
    },
  }
}
