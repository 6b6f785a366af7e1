import type { Framing } from './http-head.ts'

/** Follows one message body through raw bytes, without changing or keeping them. */
export interface Body {
  /** How many of these bytes belong to the body. */
  take(bytes: Buffer): number
  readonly done: boolean
  /** The content's length so far, without chunk framing. */
  readonly contentBytes: number
}

export function createBody(framing: Framing): Body {
  return framing.kind === 'chunked' ? chunkedBody() : plainBody(framing.kind === 'length' ? framing.length : Infinity)
}

function plainBody(length: number): Body {
  let taken = 0
  return {
    take(bytes) {
      const count = Math.min(bytes.length, length - taken)
      taken += count
      return count
    },
    get done() {
      return taken >= length
    },
    get contentBytes() {
      return taken
    },
  }
}

const lineFeed = 10

function chunkedBody(): Body {
  let part: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size'
  let line = ''
  let left = 0
  let contentBytes = 0

  /** Reads to the end of a line; true once `line` is complete. */
  function readLine(bytes: Buffer, at: number): { next: number; complete: boolean } {
    const end = bytes.indexOf(lineFeed, at)
    const next = end < 0 ? bytes.length : end + 1
    // A chunk extension may be of any length, the size is not.
    if (line.length < 64) line += bytes.toString('latin1', at, next)
    return { next, complete: end >= 0 }
  }

  function lineEnded(): void {
    const text = line.trim()
    line = ''
    if (part === 'size') {
      left = Number.parseInt(text, 16) || 0
      part = left > 0 ? 'data' : 'trailer'
    } else if (part === 'data-end') {
      part = 'size'
    } else if (text === '') {
      part = 'done'
    }
  }

  return {
    take(bytes) {
      let at = 0
      while (at < bytes.length && part !== 'done') {
        if (part === 'data') {
          const count = Math.min(left, bytes.length - at)
          at += count
          left -= count
          contentBytes += count
          if (left === 0) part = 'data-end'
        } else {
          const { next, complete } = readLine(bytes, at)
          at = next
          if (complete) lineEnded()
        }
      }
      return at
    },
    get done() {
      return part === 'done'
    },
    get contentBytes() {
      return contentBytes
    },
  }
}
