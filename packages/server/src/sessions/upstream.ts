import type { UpFrame } from '@holdfast/protocol'
import { HoldfastError, parseUp } from '@holdfast/protocol'
import type { Answer } from '../broker/broker.ts'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'

/** What a session sends, from any of its links and POSTs: one batch after the other, each frame in its order. */
export interface Upstream {
  /** Deals with a batch; rejects with a fault that ends the link. What came before it has been dealt with. */
  take(text: string, source: Source): Promise<void>
  /** Bytes that wait for their turn. */
  readonly waiting: number
  /** Resolves when what waits now has been dealt with. */
  idle(): Promise<unknown>
}

/** Where a batch came from. */
export interface Source {
  /** The link that it came on, or that the POST belongs to. */
  readonly link: number
  /** No longer worth going on. */
  ended(): boolean
  answer(answer: Answer | string): void
}

export interface UpstreamHandlers {
  /** Frames that have no number and wait for nothing. */
  atOnce(frame: UpFrame, source: Source): boolean
  /** Before it has its turn: what holds for the moment when it was read. */
  read(frame: UpFrame): unknown
  inTurn(frame: UpFrame, source: Source, read: unknown): Promise<Answer | null> | Answer | null
}

export function createUpstream(context: Context, handlers: UpstreamHandlers): Upstream {
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0

  return {
    get waiting() {
      return waiting
    },
    idle: () => turn,
    take(text, source) {
      const frames: { frame: UpFrame; read: unknown }[] = []
      let broken: HoldfastError | null = null
      for (const line of text.split('\n')) {
        try {
          const frame = parseUp(line)
          if (!handlers.atOnce(frame, source)) frames.push({ frame, read: handlers.read(frame) })
        } catch (error) {
          if (!(error instanceof HoldfastError)) throw error
          broken = error
          break
        }
      }
      if (frames.length === 0) return broken ? Promise.reject(broken) : Promise.resolve()
      waiting += text.length
      const result = turn.then(() => run(frames, source, broken))
      turn = result
        .catch(() => {})
        .then(() => {
          waiting -= text.length
        })
      return result
    },
  }

  async function run(
    frames: readonly { frame: UpFrame; read: unknown }[],
    source: Source,
    broken: HoldfastError | null,
  ): Promise<void> {
    for (const { frame, read } of frames) {
      if (source.ended()) return
      let answer: Answer | null
      try {
        answer = await handlers.inTurn(frame, source, read)
      } catch (error) {
        if (error instanceof HoldfastError) throw error
        context.report('internal-error', `'${frame[0]}' failed`, error)
        throw fault('internal-error', 'something failed at the server')
      }
      if (answer) source.answer(answer)
    }
    if (broken) throw broken
  }
}
