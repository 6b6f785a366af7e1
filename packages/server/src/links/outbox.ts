import { encodeFrame } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import type { Line } from '../topics/wire.ts'
import { createLine } from '../topics/wire.ts'

/** The far side of a link: a socket, a stream of events, or the answer to a poll. */
export interface Sink {
  /** Lines of one turn. */
  write(lines: readonly Line[]): void
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
export interface Outbox {
  push(line: Line): void
  flush(): void
  /** Bytes gathered and held. */
  readonly waiting: number
  /** False if it has taken nothing for too long. */
  takes(now: number): boolean
  readonly wroteAt: number
  close(): void
}

/** `overflow` is called when more waits than a link may hold, whatever it is. */
export function createOutbox(context: Context, sink: Sink, overflow: () => void): Outbox {
  const { clock, flusher, settings } = context
  const most = settings.limits.bufferBytes * 4
  let lines: Line[] = []
  let gathered = 0
  let written = 0
  let taken = 0
  let tookAt = clock.now()
  let wroteAt = clock.now()
  let closed = false

  const flush = () => {
    if (closed || lines.length === 0) return
    const batch = lines
    written += gathered
    lines = []
    gathered = 0
    wroteAt = clock.now()
    sink.write(batch)
  }

  return {
    push(line) {
      if (closed) return
      if (lines.length === 0) flusher.mark(flush)
      lines.push(line)
      gathered += line.size
      if (gathered + sink.buffered > most) overflow()
    },
    flush,
    get waiting() {
      return gathered + sink.buffered
    },
    takes(now) {
      const out = written - sink.buffered
      if (out > taken || sink.buffered === 0) {
        taken = out
        tookAt = now
      }
      return now - tookAt < settings.tooSlowMs
    },
    get wroteAt() {
      return wroteAt
    },
    close() {
      closed = true
      lines = []
      gathered = 0
    },
  }
}

export const heartbeatLine = createLine(encodeFrame(['heartbeat']))
