import { formatCursor } from '@holdfast/protocol'
import type { Entry } from '../broker/broker.ts'
import { compressedFrame, textFrame } from './frame.ts'

/** Text, and the bytes in which it leaves on one transport: made once however many take them. */
export interface Chunk {
  readonly text: string
  readonly bytes: Uint8Array
}

class LazyChunk implements Chunk {
  readonly text: string
  #bytes: Uint8Array | null = null

  constructor(text: string) {
    this.text = text
  }

  get bytes(): Uint8Array {
    this.#bytes ??= this.encode()
    return this.#bytes
  }

  protected encode(): Uint8Array {
    return Buffer.from(this.text)
  }
}

/** One text message of a WebSocket: its bytes are the whole frame. */
class LazyMessage extends LazyChunk {
  protected override encode(): Uint8Array {
    return textFrame(this.text)
  }
}

/** Several messages; its bytes are their frames, one behind the other, so that they leave in one write. */
class Messages implements Chunk {
  readonly bytes: Uint8Array
  readonly #messages: readonly Chunk[]

  constructor(messages: readonly Chunk[]) {
    this.bytes = Buffer.concat(messages.map(({ bytes }) => bytes))
    this.#messages = messages
  }

  get text(): string {
    return this.#messages.map(({ text }) => text).join('\n')
  }
}

/** A frame's line, as a WebSocket message and as an SSE event. */
export abstract class Line {
  abstract readonly text: string
  /** The batch of this turn that begins with it; the flusher's. */
  batch: Batch | null = null
  #message: Chunk | null = null
  #event: Chunk | null = null

  get size(): number {
    return this.text.length
  }

  get message(): Chunk {
    this.#message ??= new LazyMessage(this.text)
    return this.#message
  }

  /** The message compressed; null if it is not to be. */
  get compressed(): Chunk | null {
    return null
  }

  get event(): Chunk {
    this.#event ??= new LazyChunk(eventOf(this.text))
    return this.#event
  }
}

class TextLine extends Line {
  readonly text: string

  constructor(text: string) {
    super()
    this.text = text
  }
}

/** An entry in every shape in which it leaves; none is made before somebody takes it. */
export class Wire extends Line {
  readonly entry: Entry
  readonly cursor: string
  readonly #topic: string
  #text: string | null = null
  #plain: Chunk | null = null

  /** `topic`: its name as JSON. */
  constructor(topic: string, entry: Entry) {
    super()
    this.entry = entry
    this.cursor = formatCursor(entry.epoch, entry.offset)
    this.#topic = topic
  }

  get text(): string {
    this.#text ??= entryLine(this.#topic, this.cursor, this.entry)
    return this.#text
  }

  /** The event of the topic's own address. */
  get plain(): Chunk {
    const { encoding, data } = this.entry
    this.#plain ??= createChunk(plainEvent(this.cursor, encoding && 'binary', encoding ? data.slice(1, -1) : data))
    return this.#plain
  }
}

/** An entry of a topic that asks for compression. By itself: it shares nothing with what others say. */
export class CompressedWire extends Wire {
  #compressed: Chunk | null | undefined

  override get compressed(): Chunk | null {
    if (this.#compressed === undefined) {
      const bytes = compressedFrame(this.text)
      this.#compressed = bytes && { text: this.text, bytes }
    }
    return this.#compressed
  }
}

/**
 * The lines of one turn for one link. Links that are to have the same lines have the same batch, so that it is joined and
 * encoded once: a batch knows the one that goes on from it.
 */
export class Batch {
  readonly size: number
  readonly #before: Batch | null
  readonly #last: Line
  #next: Batch | null = null
  #messages: readonly Chunk[] | null = null
  #compressed: readonly Chunk[] | null = null
  #event: Chunk | null = null

  constructor(before: Batch | null, last: Line) {
    this.size = (before?.size ?? 0) + last.size
    this.#before = before
    this.#last = last
  }

  with(line: Line): Batch {
    if (this.#next && this.#next.#last === line) return this.#next
    this.#next = new Batch(this, line)
    return this.#next
  }

  get lines(): Line[] {
    const lines: Line[] = []
    for (let batch: Batch | null = this; batch; batch = batch.#before) lines.push(batch.#last)
    return lines.reverse()
  }

  /** WebSocket messages of a moderate size. */
  get messages(): readonly Chunk[] {
    this.#messages ??= this.#before ? joined(this.lines, longMessage) : [this.#last.message]
    return this.#messages
  }

  /** The same for a socket that takes compressed messages: each entry that is compressed is one by itself. */
  get compressed(): readonly Chunk[] {
    this.#compressed ??= this.#before ? this.compress(this.lines) : [this.#last.compressed ?? this.#last.message]
    return this.#compressed
  }

  /** SSE events. */
  get event(): Chunk {
    this.#event ??= this.#before
      ? new LazyChunk(this.lines.map(({ text }) => eventOf(text)).join(''))
      : this.#last.event
    return this.#event
  }

  private compress(lines: readonly Line[]): readonly Chunk[] {
    if (!lines.some(({ compressed }) => compressed)) return this.messages
    return [new Messages(joined(lines, (line) => line.compressed ?? longMessage(line)))]
  }
}

export const createChunk = (text: string): Chunk => new LazyChunk(text)

export const createLine = (text: string): Line => new TextLine(text)

/** One event of a topic's own address. Without a cursor, a browser that resumes does so at the one before. */
export const plainEvent = (cursor: string | null, event: string | undefined, data: string | null): string =>
  `${cursor === null ? '' : `id: ${cursor}\n`}${event ? `event: ${event}\n` : ''}${data === null ? '' : `data: ${data}\n`}\n`

const eventOf = (text: string): string => `data: ${text}\n\n`

function entryLine(topic: string, cursor: string, { time, data, id, encoding }: Entry): string {
  const more = encoding
    ? `,${JSON.stringify(id ?? null)},"${encoding}"`
    : id === undefined
      ? ''
      : `,${JSON.stringify(id)}`
  return `["entry",${topic},"${cursor}",${time},${data}${more}]`
}

const messageSize = 128 * 1024

/** A long line is a message by itself, so that its bytes are shared. */
const longMessage = (line: Line): Chunk | null => (line.size > messageSize / 4 ? line.message : null)

/** Gathers lines into messages, but for those that are one by themselves. */
function joined(lines: readonly Line[], alone: (line: Line) => Chunk | null): Chunk[] {
  const messages: Chunk[] = []
  let texts: string[] = []
  let size = 0
  const close = () => {
    if (size > 0) messages.push(new LazyMessage(texts.join('\n')))
    texts = []
    size = 0
  }
  for (const line of lines) {
    const message = alone(line)
    if (message || size + line.size > messageSize) close()
    if (message) messages.push(message)
    else {
      texts.push(line.text)
      size += line.size + 1
    }
  }
  close()
  return messages
}
