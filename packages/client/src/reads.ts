import type { Frame, UpFrame, WireFrom } from '@holdfast/protocol'

export type Page = Frame<'page'> | Frame<'unread'>

interface Read {
  readonly question: UpFrame
  readonly wanted: () => boolean
  readonly answer: (page: Page) => void
}

export type Reads = ReturnType<typeof createReads>

/** History reads: each asks for one page. They change nothing, so what is unanswered is simply asked again on a new link. */
export function createReads(say: (frame: UpFrame) => void) {
  const open = new Map<number, Read>()
  let lastId = 0

  const prune = () => {
    for (const [id, { wanted }] of open) if (!wanted()) open.delete(id)
  }

  return {
    /** Asks for entries of `topic` after `from`, up to offset `to`; on later links as long as it is `wanted`. */
    read(topic: string, from: WireFrom, to: number, wanted: () => boolean, answer: (page: Page) => void): void {
      prune()
      const question: UpFrame = ['read', ++lastId, topic, from, to]
      open.set(lastId, { question, wanted, answer })
      say(question)
    },
    answered(page: Page): void {
      const read = open.get(page[1])
      if (read?.wanted()) read.answer(page)
      // Only now: what cannot be understood is asked again on the next link.
      open.delete(page[1])
    },
    askAgain(): void {
      prune()
      for (const { question } of open.values()) say(question)
    },
  }
}
