import type { GapEvent } from '@holdfast/protocol'
import { formatCursor } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import type { Flushable } from '../links/flusher.ts'
import { Reader } from '../links/reader.ts'
import type { Identity } from '../sessions/identity.ts'
import type { Feed } from '../topics/feed.ts'
import type { Located } from '../topics/locate.ts'
import type { Taken } from '../topics/snapshots.ts'
import { snapshotsOf } from '../topics/snapshots.ts'
import type { Chunk, Wire } from '../topics/wire.ts'
import { createChunk, plainEvent } from '../topics/wire.ts'
import type { Exchange, StreamEvents, StreamLike } from './exchange.ts'
import { endStream } from './exchange.ts'
import type { Transports } from './transports.ts'

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

const comment = createChunk(':\n\n')

export function createPlainStreams(context: Context, transports: Transports, opened: () => void): PlainStreams {
  const { settings } = context
  const open = new Set<PlainStream>()
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
      for (const { buffered } of open) bytes += buffered
      return bytes
    },
    open(exchange, headers, feed, position, identity) {
      const plain = new PlainStream(context, feed, position, identity.key, () => {
        open.delete(plain)
        transports.delete(plain)
      })
      if (!plain.begin(exchange, headers, position)) return
      open.add(plain)
      transports.add(plain)
      opened()
    },
    end(userKey, topic) {
      for (const place of entering) {
        if (place.userKey === userKey && (topic === undefined || place.topic === topic)) place.ended = true
      }
      for (const plain of [...open]) {
        if (plain.userKey === userKey && (topic === undefined || plain.topic === topic)) leave(plain)
      }
    },
    sweep(now) {
      for (const plain of [...open]) if (!plain.sweep(now)) open.delete(plain)
    },
    endAll() {
      for (const plain of [...open]) leave(plain)
    },
  }

  function leave(plain: PlainStream): void {
    open.delete(plain)
    plain.end()
  }
}

/** Reads a topic for one stream of its own address. */
class PlainStream extends Reader implements Flushable, StreamEvents {
  readonly topic: string
  readonly userKey: string | null
  readonly #context: Context
  readonly #left: () => void
  #stream: StreamLike | null = null
  #chunks: Chunk[] = []
  #gathered = 0
  #wroteAt: number
  #tookAt: number
  #waiting = 0

  constructor(context: Context, feed: Feed, position: Located, userKey: string | null, left: () => void) {
    super(feed, position, snapshotsOf(feed, context))
    this.topic = feed.name
    this.userKey = userKey
    this.#context = context
    this.#left = left
    this.#wroteAt = context.uptime()
    this.#tookAt = this.#wroteAt
  }

  /** Bytes that the network has not taken. */
  get buffered(): number {
    return this.#stream?.buffered ?? 0
  }

  /** False if the peer has gone. */
  begin(exchange: Exchange, headers: Readonly<Record<string, string>>, { epoch, offset, snapshot }: Located): boolean {
    this.#stream = exchange.stream(200, headers, this)
    if (!this.#stream) {
      this.stop()
      return false
    }
    // Else the snapshot has it: who has the cursor has what it stands for.
    if (!snapshot) this.write(createChunk(plainEvent(formatCursor(epoch, offset), undefined, null)))
    this.pump()
    return true
  }

  drained(): void {
    this.pump()
  }

  gone(): void {
    this.stop()
    this.#left()
  }

  /** False if it has taken nothing for too long, and is over. */
  sweep(now: number): boolean {
    const { settings, refused } = this.#context
    const { buffered } = this
    if (buffered === 0 || buffered < this.#waiting) this.#tookAt = now
    this.#waiting = buffered
    if (now - this.#tookAt >= settings.tooSlowMs) {
      refused('too-slow')
      this.stop()
      this.destroy()
      return false
    }
    if (now - this.#wroteAt >= settings.heartbeatMs) this.write(comment)
    this.pump()
    return true
  }

  end(): void {
    this.stop()
    if (this.#stream) endStream(this.#context, this.#stream)
  }

  destroy(): void {
    this.#stream?.destroy()
  }

  flush(now: number): void {
    const [only] = this.#chunks
    if (this.#chunks.length === 1 && only) this.#stream?.write(only)
    else this.#stream?.write(createChunk(this.#chunks.map(({ text }) => text).join('')))
    this.#chunks = []
    this.#gathered = 0
    this.#wroteAt = now
  }

  private write(chunk: Chunk): void {
    if (this.#chunks.length === 0) this.#context.flusher.mark(this)
    this.#chunks.push(chunk)
    this.#gathered += chunk.text.length
  }

  protected override room(): boolean {
    return this.#gathered + this.buffered < this.#context.settings.limits.bufferBytes
  }

  protected override entry(wire: Wire): void {
    this.write(wire.plain)
  }

  protected override gap({ type, ...gap }: GapEvent): void {
    this.write(createChunk(plainEvent(gap.snapshot ? null : gap.to, type, JSON.stringify(gap))))
  }

  protected override snapshot({ cursor, payload: { json, encoding } }: Taken): void {
    this.write(createChunk(plainEvent(cursor, 'snapshot', encoding ? json.slice(1, -1) : json)))
  }

  protected override failed(error: unknown): void {
    this.#context.report('broker-failed', 'the broker failed while a topic was streamed', error)
    this.stop()
    this.destroy()
  }
}
