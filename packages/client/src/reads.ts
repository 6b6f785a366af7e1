import { encodeFrame, type Frame, type WireFrom } from '@holdfast/protocol'

export type Page = Frame<'page'> | Frame<'unread'>

interface Read {
  readonly topic: string
  readonly from: WireFrom
  readonly to: number
  readonly answer: (page: Page) => void
}

export type Reads = ReturnType<typeof createReads>

/** History reads: each asks for one page. They change nothing, so what is unanswered is simply asked again on a new link. */
export function createReads(send: (line: string) => void) {
  const open = new Map<number, Read>()
  let lastId = 0

  const ask = (id: number, { topic, from, to }: Read) => send(encodeFrame(['read', id, topic, from, to]))

  return {
    /** Asks for entries of `topic` after `from`, up to offset `to`. Answers a function that gives up. */
    read(topic: string, from: WireFrom, to: number, answer: (page: Page) => void): () => void {
      const id = ++lastId
      const read: Read = { topic, from, to, answer }
      open.set(id, read)
      ask(id, read)
      return () => open.delete(id)
    },
    answered(page: Page): void {
      const read = open.get(page[1])
      open.delete(page[1])
      read?.answer(page)
    },
    askAgain(): void {
      for (const [id, read] of open) ask(id, read)
    },
    clear: () => open.clear(),
  }
}
