import type { UpFrame } from '@holdfast/protocol'
import { encodeFrame, HoldfastError, parseUp } from '@holdfast/protocol'
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

/** A frame of an answer, or what is one already. A cursor's letters need no quoting. */
export function answerLine(answer: Answer | string): string {
  if (typeof answer === 'string') return answer
  if (answer[0] === 'reject') return encodeFrame(answer)
  const [kind, number, cursor] = answer
  return cursor === undefined ? `["${kind}",${number}]` : `["${kind}",${number},"${cursor}"]`
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
    return this.#last?.dealt().catch(() => {}) ?? Promise.resolve()
  }

  /**
   * Deals with a batch, at once as far as nothing has to be waited for; throws or rejects with a fault that ends the link.
   * What came before it has been dealt with.
   */
  take(text: string, source: Source): MaybePromise<void> {
    const batch = new Batch(source, text.length)
    this.#parse(text, batch)
    const before = this.#last
    this.#last = batch
    this.waiting += batch.size
    if (before) before.next = batch
    else {
      this.#first = batch
      this.#goOn()
    }
    if (!batch.over) return batch.dealt()
    if (batch.failure) throw batch.failure
  }

  #parse(text: string, batch: Batch): void {
    const { source, frames } = batch
    try {
      for (const line of text.includes('\n') ? text.split('\n') : [text]) {
        const frame = parseUp(line)
        if (this.atOnce(frame, source)) continue
        const read = this.read(frame)
        if (read !== undefined) batch.read = (batch.read ?? new Map()).set(frames.length, read)
        frames.push(frame)
      }
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      batch.broken = error
    }
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
        const at = batch.at++
        const answer = this.inTurn(frames[at] as UpFrame, source, batch.read?.get(at))
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
    this.context.report('internal-error', `'${batch.frames[batch.at - 1]?.[0]}' failed`, error)
    this.#end(batch, fault('internal-error', 'something failed at the server'))
  }

  #end(batch: Batch, error: HoldfastError | null): void {
    this.#first = batch.next
    if (!this.#first) this.#last = null
    this.waiting -= batch.size
    batch.end(error)
  }
}

class Batch {
  next: Batch | null = null
  /** Which of the frames is next. */
  at = 0
  readonly source: Source
  readonly size: number
  readonly frames: UpFrame[] = []
  /** What held when a frame was read, by its place; where nothing is asked, none. */
  read: Map<number, Asked> | null = null
  /** Why nothing is read behind the frames. */
  broken: HoldfastError | null = null
  over = false
  /** Of one that is over. */
  failure: HoldfastError | null = null
  #dealt: { promise: Promise<void>; settle: () => void } | null = null

  constructor(source: Source, size: number) {
    this.source = source
    this.size = size
  }

  /** Settles when it is over. Made for those who wait: most batches have been dealt with when they were taken. */
  dealt(): Promise<void> {
    if (this.#dealt) return this.#dealt.promise
    let settle = () => {}
    const promise = new Promise<void>((resolve, reject) => {
      settle = () => (this.failure ? reject(this.failure) : resolve())
    })
    this.#dealt = { promise, settle }
    return promise
  }

  answer(answer: Answer | null): void {
    if (answer) this.source.answer(answer)
  }

  end(error: HoldfastError | null): void {
    this.over = true
    this.failure = error
    this.#dealt?.settle()
  }
}
