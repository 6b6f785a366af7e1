import { wireLimits } from '@holdfast/protocol'
import type { Answer, Applied } from './broker.ts'

/** What became of one session's numbers, the newest 1,024 of them. */
export interface Numbers {
  readonly last: number
  /** What there is to say of this number already; null if it is the next. */
  earlier(number: number): Applied | null
  /** Uses up the next number. */
  settle(answer: Answer, by?: string): void
}

export const createNumbers = (): Numbers => new KeptNumbers()

class KeptNumbers implements Numbers {
  last = 0
  readonly #answers: Answer[] = []
  readonly #marks: (string | undefined)[] = []

  earlier(number: number): Applied | null {
    if (number === this.last + 1) return null
    if (number > this.last || number < 1) return { status: 'jump' }
    const place = number % wireLimits.window
    const answer = number > this.last - wireLimits.window ? this.#answers[place] : undefined
    return answer
      ? { status: 'repeated', answer, by: this.#marks[place] }
      : { status: 'repeated', answer: forgotten(number) }
  }

  settle(answer: Answer, by?: string): void {
    const place = ++this.last % wireLimits.window
    this.#answers[place] = answer
    this.#marks[place] = by
  }
}

/** The answer to a repeated number that is too old. */
export const forgotten = (number: number): Answer => [
  'reject',
  number,
  'forgotten',
  'what this number came to is no longer known',
]
