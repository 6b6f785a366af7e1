import type { Frame, UpFrame, WireFrom } from '@holdfast/protocol'

export type Page = Frame<'page'> | Frame<'unread'>

interface Read {
  readonly question: UpFrame
  readonly answer: (page: Page) => void
}

export type Reads = ReturnType<typeof createReads>

/** History reads: each asks for one page. They change nothing, so what is unanswered is simply asked again on a new link. */
export function createReads(say: (frame: UpFrame) => void) {
  const open = new Map<number, Read>()
  let lastId = 0

  return {
    /** Asks for entries of `topic` after `from`, up to offset `to`. */
    read(topic: string, from: WireFrom, to: number, answer: (page: Page) => void): void {
      const question: UpFrame = ['read', ++lastId, topic, from, to]
      open.set(lastId, { question, answer })
      say(question)
    },
    answered(page: Page): void {
      const read = open.get(page[1])
      open.delete(page[1])
      read?.answer(page)
    },
    askAgain(): void {
      for (const { question } of open.values()) say(question)
    },
  }
}
