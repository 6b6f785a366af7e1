import type { UpFrame } from '@holdfast/protocol'
import { HoldfastError, parseUp } from '@holdfast/protocol'
import type { Answer } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import type { Asked } from '../links/subscriptions.ts'

/** Where a batch came from. */
export interface Source {
  /** The link that it came on, or that the POST belongs to. */
  readonly link: number
  /** No longer worth going on. */
  ended(): boolean
  answer(answer: Answer | string): void
}

/** What a session sends, from any of its links and POSTs: one batch after the other, each frame in its order. */
export abstract class Upstream {
  /** Bytes that wait for their turn. */
  waiting = 0
  protected readonly context: Context
  /** The batch that has its turn; each knows the one behind it. */
  #first: Batch | null = null
  #last: Batch | null = null

  constructor(context: Context) {
    this.context = context
  }

  /** Frames that have no number and wait for nothing: true for those. */
  protected abstract atOnce(frame: UpFrame, source: Source): boolean
  /** Before it has its turn: what holds for the moment when it was read. */
  protected abstract read(frame: UpFrame): Asked
  protected abstract inTurn(frame: UpFrame, source: Source, read: Asked): MaybePromise<Answer | null>

  /** Resolves when what waits now has been dealt with. */
  idle(): Promise<unknown> {
    return this.#last?.dealt.catch(() => {}) ?? Promise.resolve()
  }

  /**
   * Deals with a batch, at once as far as nothing has to be waited for; rejects with a fault that ends the link. What came
   * before it has been dealt with.
   */
  take(text: string, source: Source): Promise<void> {
    const { frames, broken } = this.#parse(text, source)
    if (frames.length === 0) return broken ? Promise.reject(broken) : Promise.resolve()
    const batch = new Batch(source, text.length, frames, broken)
    const before = this.#last
    this.#last = batch
    this.waiting += batch.size
    if (before) before.next = batch
    else {
      this.#first = batch
      this.#goOn()
    }
    return batch.dealt
  }

  #parse(text: string, source: Source): { frames: Read[]; broken: HoldfastError | null } {
    const frames: Read[] = []
    for (const line of text.split('\n')) {
      try {
        const frame = parseUp(line)
        if (!this.atOnce(frame, source)) frames.push({ frame, read: this.read(frame) })
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error
        return { frames, broken: error }
      }
    }
    return { frames, broken: null }
  }

  /** Batch after batch, until a frame has to be waited for. */
  #goOn(): void {
    for (let batch = this.#first; batch; batch = this.#first) {
      const waits = this.#run(batch)
      if (!waits) continue
      void waits.then(() => this.#goOn())
      return
    }
  }

  /** Ends with the batch, or with a frame that has to be waited for. */
  #run(batch: Batch): Promise<void> | null {
    const { frames, source } = batch
    try {
      while (batch.at < frames.length && !source.ended()) {
        const { frame, read } = frames[batch.at++] as Read
        const answer = this.inTurn(frame, source, read)
        if (isPromise(answer))
          return answer.then((later) => batch.answer(later)).catch((error) => this.#fail(batch, error))
        batch.answer(answer)
      }
      this.#end(batch, source.ended() ? null : batch.broken)
    } catch (error) {
      this.#fail(batch, error)
    }
    return null
  }

  #fail(batch: Batch, error: unknown): void {
    if (error instanceof HoldfastError) return this.#end(batch, error)
    this.context.report('internal-error', `'${batch.frames[batch.at - 1]?.frame[0]}' failed`, error)
    this.#end(batch, fault('internal-error', 'something failed at the server'))
  }

  #end(batch: Batch, error: HoldfastError | null): void {
    this.#first = batch.next
    if (!this.#first) this.#last = null
    this.waiting -= batch.size
    batch.end(error)
  }
}

interface Read {
  readonly frame: UpFrame
  readonly read: Asked
}

class Batch {
  next: Batch | null = null
  /** Which of the frames is next. */
  at = 0
  readonly dealt: Promise<void>
  readonly source: Source
  readonly size: number
  readonly frames: readonly Read[]
  /** Why nothing is read behind them. */
  readonly broken: HoldfastError | null
  end: (error: HoldfastError | null) => void = () => {}

  constructor(source: Source, size: number, frames: readonly Read[], broken: HoldfastError | null) {
    this.source = source
    this.size = size
    this.frames = frames
    this.broken = broken
    this.dealt = new Promise((resolve, reject) => {
      this.end = (error) => (error ? reject(error) : resolve())
    })
  }

  answer(answer: Answer | null): void {
    if (answer) this.source.answer(answer)
  }
}
