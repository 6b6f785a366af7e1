import { formatCursor } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import type { Outlet, Reader } from '../links/reader.ts'
import { createReader } from '../links/reader.ts'
import type { Identity } from '../sessions/identity.ts'
import type { Feed } from '../topics/feed.ts'
import type { Located } from '../topics/locate.ts'
import { snapshotsOf } from '../topics/snapshots.ts'
import type { Chunk } from '../topics/wire.ts'
import { createChunk, plainEvent } from '../topics/wire.ts'
import type { Exchange, StreamLike } from './exchange.ts'

/** The open streams of topics' own addresses: readers whose only bound is the socket's buffer. */
export interface PlainStreams {
  readonly size: number
  readonly buffered: number
  /** A place for one that is to be opened. Throws the fault `later`. */
  enter(userKey: string | null, topic: string): Place
  open(
    exchange: Exchange,
    headers: Readonly<Record<string, string>>,
    feed: Feed,
    position: Located,
    identity: Identity,
  ): void
  /** Ends those of a user, all or of one topic. */
  end(userKey: string, topic?: string): void
  sweep(now: number): void
  endAll(): void
}

export interface Place {
  /** What was granted has been taken back meanwhile. */
  readonly ended: boolean
  leave(): unknown
}

interface Plain {
  readonly topic: string
  readonly userKey: string | null
  readonly stream: StreamLike
  sweep(now: number): void
  end(): void
}

const comment = createChunk(':\n\n')

export function createPlainStreams(context: Context, opened: () => void): PlainStreams {
  const { clock, flusher, settings } = context
  const open = new Set<Plain>()
  const entering = new Set<{ userKey: string | null; topic: string; ended: boolean }>()

  return {
    get size() {
      return open.size
    },
    enter(userKey, topic) {
      if (open.size + entering.size >= settings.limits.streams) throw fault('later', 'too many streams are open', 1_000)
      const place = { userKey, topic, ended: false, leave: () => entering.delete(place) }
      entering.add(place)
      return place
    },
    get buffered() {
      let bytes = 0
      for (const { stream } of open) bytes += stream.buffered
      return bytes
    },
    open(exchange, headers, feed, position, identity) {
      let plain: Plain | null = null
      let reader: Reader | null = null
      const gone = () => {
        reader?.stop()
        if (plain) open.delete(plain)
      }
      const stream = exchange.stream(200, headers, { drained: () => reader?.pump(), gone })
      if (!stream) return
      const end = () => {
        gone()
        stream.end()
        context.timers.after(2_000, () => stream.destroy())
      }
      const out = gather(stream)
      reader = createReader(feed, outlet(out, stream, end), position, snapshotsOf(feed, context))
      const reading = reader
      let tookAt = clock.now()
      let waiting = 0
      plain = {
        topic: feed.name,
        userKey: identity.key,
        stream,
        end,
        sweep(now) {
          if (stream.buffered === 0 || stream.buffered < waiting) tookAt = now
          waiting = stream.buffered
          if (now - tookAt >= settings.tooSlowMs) {
            context.refused('too-slow')
            gone()
            return stream.destroy()
          }
          if (now - out.wroteAt() >= settings.heartbeatMs) out.write(comment)
          reading.pump()
        },
      }
      open.add(plain)
      opened()
      // Else the snapshot has it: who has the cursor has what it stands for.
      if (!position.snapshot)
        out.write(createChunk(plainEvent(formatCursor(position.epoch, position.offset), undefined, null)))
      reading.pump()
    },
    end(userKey, topic) {
      for (const place of entering) {
        if (place.userKey === userKey && (topic === undefined || place.topic === topic)) place.ended = true
      }
      for (const plain of [...open]) {
        if (plain.userKey === userKey && (topic === undefined || plain.topic === topic)) plain.end()
      }
    },
    sweep(now) {
      for (const plain of [...open]) plain.sweep(now)
    },
    endAll() {
      for (const plain of [...open]) plain.end()
    },
  }

  function gather(stream: StreamLike): { write(chunk: Chunk): void; waiting(): number; wroteAt(): number } {
    let chunks: Chunk[] = []
    let size = 0
    let wroteAt = clock.now()
    const flush = () => {
      const [only] = chunks
      if (chunks.length === 1 && only) stream.write(only)
      else stream.write(createChunk(chunks.map(({ text }) => text).join('')))
      chunks = []
      size = 0
      wroteAt = clock.now()
    }
    return {
      write(chunk) {
        if (chunks.length === 0) flusher.mark(flush)
        chunks.push(chunk)
        size += chunk.text.length
      },
      waiting: () => size + stream.buffered,
      wroteAt: () => wroteAt,
    }
  }

  function outlet(out: ReturnType<typeof gather>, stream: StreamLike, end: () => void): Outlet {
    return {
      room: () => out.waiting() < settings.limits.bufferBytes,
      entry: (wire) => out.write(wire.plain),
      gap({ type, ...gap }) {
        out.write(createChunk(plainEvent(gap.snapshot ? null : gap.to, type, JSON.stringify(gap))))
      },
      snapshot({ cursor, payload: { json, encoding } }) {
        out.write(createChunk(plainEvent(cursor, 'snapshot', encoding ? json.slice(1, -1) : json)))
      },
      failed(error) {
        context.report('broker-failed', 'the broker failed while a topic was streamed', error)
        end()
        stream.destroy()
      },
    }
  }
}
