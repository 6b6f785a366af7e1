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

export function createNumbers(): Numbers {
  const kept: { answer: Answer; by: string | undefined }[] = []
  let last = 0

  return {
    get last() {
      return last
    },
    earlier(number) {
      if (number === last + 1) return null
      if (number > last || number < 1) return { status: 'jump' }
      const found = number > last - wireLimits.window ? kept[number % wireLimits.window] : undefined
      return found ? { status: 'repeated', ...found } : { status: 'repeated', answer: forgotten(number) }
    },
    settle(answer, by) {
      last++
      kept[last % wireLimits.window] = { answer, by }
    },
  }
}

/** The answer to a repeated number that is too old. */
export const forgotten = (number: number): Answer => [
  'reject',
  number,
  'forgotten',
  'what this number came to is no longer known',
]
