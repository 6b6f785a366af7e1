import { encodeFrame } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { fault } from '../faults.ts'
import type { Batch, Line } from '../topics/wire.ts'
import { createLine } from '../topics/wire.ts'
import type { Flushable } from './flusher.ts'

/** Gathers what goes to the far side within a turn, and watches that it is taken. */
export abstract class Outbox<Far = unknown> implements Flushable {
  // What each delivery looks at comes first, in a row.
  protected readonly context: Context
  /** The far side; null while there is none. */
  protected far: Far | null = null
  closed = false
  #batch: Batch | null = null
  /** What was `buffered` when it was last looked at. */
  #held = 0
  /** Whether it has taken something since `takes` was asked last. */
  #took = false
  protected wroteAt: number
  #tookAt: number

  constructor(context: Context) {
    this.context = context
    this.wroteAt = context.uptime()
    this.#tookAt = this.wroteAt
  }

  protected abstract write(batch: Batch): void
  /** Bytes that are held because the network has not taken them. */
  protected abstract readonly buffered: number
  abstract end(reason: Fault | Error): void

  /** Bytes gathered and held. */
  get waiting(): number {
    if (this.#batch) return this.#batch.size + this.#held
    this.look()
    return this.#held
  }

  /** Ends it if now more waits than a link may hold, whatever it is. */
  push(line: Line): void {
    if (this.closed) return
    if (this.#batch) this.#batch = this.#batch.with(line)
    else {
      this.look()
      this.#batch = this.context.flusher.begin(line)
      this.context.flusher.mark(this)
    }
    if (this.#batch.size + this.#held > 4 * this.context.settings.limits.bufferBytes)
      this.end(fault('too-slow', 'too much waits for the socket'))
  }

  send(line: string): void {
    this.push(createLine(line))
  }

  /** `now`: ms since the hub began. */
  flush(now: number = this.context.uptime()): void {
    const batch = this.#batch
    if (!batch) return
    this.#batch = null
    this.wroteAt = now
    this.write(batch)
    this.#held = this.buffered
  }

  /** False if nothing was taken for too long. */
  protected takes(now: number): boolean {
    this.look()
    if (this.#took) this.#tookAt = now
    this.#took = false
    return now - this.#tookAt < this.context.settings.tooSlowMs
  }

  /** Drops what is gathered, and takes nothing more. */
  protected shut(): void {
    this.closed = true
    this.#batch = null
  }

  // In bytes of the wire alone: what a text weighs there only its transport knows. What held nothing after the last write
  // holds nothing now.
  private look(): void {
    const buffered = this.#held === 0 ? 0 : this.buffered
    if (buffered < this.#held || buffered === 0) this.#took = true
    this.#held = buffered
  }
}

export const heartbeatLine = createLine(encodeFrame(['heartbeat']))
