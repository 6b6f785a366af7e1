import type { UpFrame } from '@holdfast/protocol'
import { encodeFrame, HoldfastError, parseUp } from '@holdfast/protocol'
import type { Answer } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { after, isPromise, rescue } from '../broker/maybe-promise.ts'
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
  /** What a frame asks for as it is when it is read, whenever it has its turn. */
  protected abstract asked(frame: UpFrame): Asked
  protected abstract inTurn(frame: UpFrame, source: Source, asked: Asked): MaybePromise<Answer | null>

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
    this.read(text, batch)
    if (this.#first === batch) this.goOn()
    if (batch.queued) return batch.dealt()
    if (batch.fault) throw batch.fault
  }

  /** Each line is dealt with before the next one is read, up to one that has to be waited for: what is behind it is kept. */
  private read(text: string, batch: Batch): void {
    for (const line of text.includes('\n') ? text.split('\n') : [text]) {
      try {
        const frame = parseUp(line)
        if (this.atOnce(frame, batch.source)) continue
        const asked = this.asked(frame)
        if (!batch.queued) this.queue(batch)
        if (this.#first === batch && !batch.waits) this.deal(batch, { frame, asked })
        else batch.kept.push({ frame, asked })
      } catch (error) {
        // Without the line, which may hold anything.
        batch.broken = this.faultOf('a frame', error)
      }
      if (batch.fault || batch.source.ended()) return
    }
  }

  /** Not before it has a frame that needs its turn: signs of life wait for nothing. */
  private queue(batch: Batch): void {
    batch.queued = true
    if (this.#last) this.#last.next = batch
    else this.#first = batch
    this.#last = batch
    this.waiting += batch.size
  }

  /** Batch after batch, until a frame has to be waited for. */
  private goOn(): void {
    for (let batch = this.#first; batch; batch = this.#first) {
      const { kept, source } = batch
      while (batch.at < kept.length && !batch.waits && !batch.failure && !source.ended()) {
        this.deal(batch, kept[batch.at++] as Kept)
      }
      if (batch.waits) return
      this.#first = batch.next
      if (!this.#first) this.#last = null
      this.waiting -= batch.size
      batch.queued = false
      batch.settle()
    }
  }

  private deal(batch: Batch, { frame, asked }: Kept): void {
    const failed = (error: unknown) => {
      batch.failure = this.faultOf(`'${frame[0]}'`, error)
      // Its link ends before the next batch has its turn.
      batch.settle()
    }
    const answered = (answer: Answer | null) => {
      if (answer) batch.source.answer(answer)
    }
    const dealt = rescue(() => after(this.inTurn(frame, batch.source, asked), answered), failed)
    if (!isPromise(dealt)) return
    batch.waits = true
    void dealt.then(() => {
      batch.waits = false
      this.goOn()
    })
  }

  private faultOf(what: string, error: unknown): HoldfastError {
    if (error instanceof HoldfastError) return error
    this.context.report('internal-error', `${what} failed`, error)
    return fault('internal-error', 'something failed at the server')
  }
}

interface Kept {
  readonly frame: UpFrame
  readonly asked: Asked
}

class Batch {
  next: Batch | null = null
  readonly source: Source
  readonly size: number
  /** It has its turn, or waits for it. */
  queued = false
  /** What was read behind a frame that had to be waited for, and which of it is next. */
  readonly kept: Kept[] = []
  at = 0
  /** One of its frames has to be waited for. */
  waits = false
  /** A line that is no frame: nothing was read behind it. */
  broken: HoldfastError | null = null
  /** A frame that could not be dealt with: nothing behind it is. */
  failure: HoldfastError | null = null
  #dealt: { promise: Promise<void>; settle: () => void } | null = null

  constructor(source: Source, size: number) {
    this.source = source
    this.size = size
  }

  /** Why its link has to end. */
  get fault(): HoldfastError | null {
    return this.failure ?? this.broken
  }

  /** Made for those who wait: most batches have been dealt with when they were taken. */
  dealt(): Promise<void> {
    if (this.#dealt) return this.#dealt.promise
    let settle = () => {}
    const promise = new Promise<void>((resolve, reject) => {
      settle = () => (this.fault ? reject(this.fault) : resolve())
    })
    this.#dealt = { promise, settle }
    return promise
  }

  settle(): void {
    this.#dealt?.settle()
  }
}
