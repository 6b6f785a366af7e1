import { formatCursor } from '@holdfast/protocol'
import type { Entry } from '../broker/broker.ts'

/** Text with its bytes, which are made once however many take them. */
export interface Chunk {
  readonly text: string
  readonly bytes: Uint8Array
}

/** A frame's line, as a WebSocket message and as an SSE event. */
export interface Line extends Chunk {
  readonly size: number
  readonly sse: Chunk
}

/** An entry in every shape in which it leaves. `plain` is the event of a topic's own address. */
export interface Wire extends Line {
  readonly entry: Entry
  readonly cursor: string
  readonly plain: Chunk
}

const encoder = new TextEncoder()

export function createChunk(text: string): Chunk {
  let bytes: Uint8Array | undefined
  return {
    text,
    get bytes() {
      bytes ??= encoder.encode(text)
      return bytes
    },
  }
}

class LazyLine implements Line {
  readonly text: string
  #bytes: Uint8Array | undefined
  #sse: Chunk | undefined

  constructor(text: string) {
    this.text = text
  }

  get size(): number {
    return this.text.length
  }

  get bytes(): Uint8Array {
    this.#bytes ??= encoder.encode(this.text)
    return this.#bytes
  }

  get sse(): Chunk {
    this.#sse ??= createChunk(`data: ${this.text}\n\n`)
    return this.#sse
  }
}

class LazyWire extends LazyLine implements Wire {
  readonly entry: Entry
  readonly cursor: string
  #plain: Chunk | undefined

  constructor(topic: string, entry: Entry) {
    const cursor = formatCursor(entry.epoch, entry.offset)
    super(entryLine(topic, cursor, entry))
    this.entry = entry
    this.cursor = cursor
  }

  get plain(): Chunk {
    const { encoding, data } = this.entry
    this.#plain ??= createChunk(plainEvent(this.cursor, encoding && 'binary', encoding ? data.slice(1, -1) : data))
    return this.#plain
  }
}

export const createLine = (text: string): Line => new LazyLine(text)

export const createWire = (topic: string, entry: Entry): Wire => new LazyWire(topic, entry)

/** One event of a topic's own address. Without a cursor, a browser that resumes does so at the one before. */
export const plainEvent = (cursor: string | null, event: string | undefined, data: string | null): string =>
  `${cursor === null ? '' : `id: ${cursor}\n`}${event ? `event: ${event}\n` : ''}${data === null ? '' : `data: ${data}\n`}\n`

function entryLine(topic: string, cursor: string, { time, data, id, encoding }: Entry): string {
  const more = encoding
    ? `,${JSON.stringify(id ?? null)},"${encoding}"`
    : id === undefined
      ? ''
      : `,${JSON.stringify(id)}`
  return `["entry",${JSON.stringify(topic)},"${cursor}",${time},${data}${more}]`
}
