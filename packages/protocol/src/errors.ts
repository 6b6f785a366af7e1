import type { Code } from './codes.ts'

/**
 * What became of a publish or a request:
 * `rejected`: the hub said no; it was not applied. `not-sent`: it never left. `unknown`: it left, and no answer will come.
 */
export type Outcome = 'rejected' | 'not-sent' | 'unknown'

/** The one error of Holdfast. `code` says why, `outcome` what became of the message (absent where there was none). */
export class HoldfastError<C extends string = Code | (string & {})> extends Error {
  override readonly name = 'HoldfastError'
  readonly code: C
  readonly outcome: Outcome | undefined

  constructor(code: C, message: string, options: { outcome?: Outcome | undefined; cause?: unknown } = {}) {
    super(message, options)
    this.code = code
    this.outcome = options.outcome
  }
}
