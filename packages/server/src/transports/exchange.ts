import { closeCodes } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { closeLine } from '../faults.ts'
import type { Peer } from '../sessions/admission.ts'
import type { Chunk } from '../topics/wire.ts'

/** One HTTP request and its answer. */
export interface Exchange extends Peer {
  readonly method: string
  /** Below the mount, still encoded: `/sse`. */
  readonly path: string
  /** The query's parameters, the first of each name. */
  query(name: string): string | undefined
  /** The body's text. Throws the fault `too-large` beyond so many bytes. */
  body(limit: number): Promise<string>
  /** The whole answer, of this media type; nobody is to keep it. */
  answer(status: number, type: string, body: string): void
  /** Begins an answer that goes on, and that tells its own end; null if the peer has gone. */
  stream(status: number, headers: Readonly<Record<string, string>>, events: StreamEvents): StreamLike | null
  /** The answer is whole, or the peer has gone before, or the answer goes on as a stream. */
  onGone(listener: () => void): void
  destroy(): void
}

export interface StreamEvents {
  drained(): void
  gone(): void
}

export interface StreamLike {
  write(chunk: Chunk): void
  /** Bytes that the network has not taken. */
  readonly buffered: number
  end(): void
  destroy(): void
}

export const textType = 'text/plain;charset=utf-8'

export const jsonType = 'application/json'

export const eventHeaders = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  // Of nginx and its kin.
  'X-Accel-Buffering': 'no',
} as const

/** Ends an exchange with its code, after the lines that it has earned. */
export function refuse(context: Context, exchange: Exchange, reason: Fault, lines: readonly string[] = []): void {
  context.refused(reason.code)
  answerClose(exchange, reason, lines)
}

/** The same for a reason that its link has counted. */
export function answerClose(exchange: Exchange, reason: Fault, lines: readonly string[]): void {
  exchange.answer(closeCodes[reason.code].status, textType, [...lines, closeLine(reason)].join('\n'))
}

// A peer that does not take its last bytes is not waited for longer.
const graceMs = 2_000

export function endStream({ timers }: Context, stream: StreamLike): void {
  stream.end()
  timers.after(graceMs, () => stream.destroy())
}
