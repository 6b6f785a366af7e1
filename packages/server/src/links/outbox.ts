import { encodeFrame } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { fault } from '../faults.ts'
import type { Batch, Line } from '../topics/wire.ts'
import { createLine } from '../topics/wire.ts'
import type { Flushable } from './flusher.ts'

/** The far side of a link: a socket, a stream of events, or the answer to a poll. */
export interface Sink {
  write(batch: Batch): void
  /** Bytes that it holds because the network has not taken them. */
  readonly buffered: number
  /** Nobody is there to take anything: between two polls. */
  readonly away?: boolean
  /** Says why, lets go what is written, and ends. */
  end(fault: Fault): void
  /** Ends at once. */
  destroy(): void
}

/** Gathers what goes to one sink within a turn, and watches that the sink takes it. */
export abstract class Outbox implements Flushable {
  protected readonly context: Context
  protected readonly sink: Sink
  protected wroteAt: number
  closed = false
  #batch: Batch | null = null
  /** What the sink held when it was last looked at. */
  #held = 0
  /** Whether it has taken something since `takes` was asked last. */
  #took = false
  #tookAt: number

  constructor(context: Context, sink: Sink) {
    this.context = context
    this.sink = sink
    this.wroteAt = context.uptime()
    this.#tookAt = this.wroteAt
  }

  abstract end(reason: Fault | Error): void

  /** Bytes gathered and held. */
  get waiting(): number {
    if (this.#batch) return this.#batch.size + this.#held
    this.#look()
    return this.#held
  }

  /** Ends it if now more waits than a link may hold, whatever it is. */
  push(line: Line): void {
    if (this.closed) return
    if (this.#batch) this.#batch = this.#batch.with(line)
    else {
      this.#look()
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
    this.sink.write(batch)
    this.#held = this.sink.buffered
  }

  /** False if the sink has taken nothing for too long. */
  protected takes(now: number): boolean {
    this.#look()
    if (this.#took) this.#tookAt = now
    this.#took = false
    return now - this.#tookAt < this.context.settings.tooSlowMs
  }

  /** Drops what is gathered, and takes nothing more. */
  protected shut(): void {
    this.closed = true
    this.#batch = null
  }

  // In the sink's own bytes alone: what a text weighs on the wire only the sink knows. What held nothing after the last write
  // holds nothing now.
  #look(): void {
    const buffered = this.#held === 0 ? 0 : this.sink.buffered
    if (buffered < this.#held || buffered === 0) this.#took = true
    this.#held = buffered
  }
}

export const heartbeatLine = createLine(encodeFrame(['heartbeat']))
