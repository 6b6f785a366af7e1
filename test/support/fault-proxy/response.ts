import type { StreamFault } from './faults.ts'
import { type Body, createBody } from './http-body.ts'
import {
  headLength,
  headLimit,
  isEventStream,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  responseFraming,
} from './http-head.ts'

/** Follows the server's response to one request and applies the faults of streams to it. */
export interface Response {
  /** Takes the server's bytes and returns those beyond this response (after a 101: the tunnel's). */
  take(bytes: Buffer): Buffer
  /** The server has closed its side. */
  end(): void
  faultChanged(): void
  readonly done: boolean
  readonly isStream: boolean
}

export interface ResponseOptions {
  request: RequestHead
  streamFault: () => StreamFault
  onHead: (head: ResponseHead) => void
  pass: (bytes: Buffer) => void
  cut: () => void
  malformed: () => void
  /** `full`: more than `holdLimit` is held. */
  onHeldBack: (state: 'begun' | 'full' | 'over') => void
}

const nothing: Buffer = Buffer.alloc(0)
const holdLimit = 1024 * 1024

export function createResponse(options: ResponseOptions): Response {
  const { request, streamFault, onHead, pass, cut, malformed, onHeldBack } = options
  let partialHead = nothing
  let head: ResponseHead | null = null
  let body: Body | null = null
  let isStream = false
  let done = false
  let held: Buffer[] = []
  let heldBytes = 0
  let passedBody = 0

  function take(bytes: Buffer): Buffer {
    if (body) return takeBody(body, bytes, 0)
    partialHead = partialHead.length > 0 ? Buffer.concat([partialHead, bytes]) : bytes
    const length = headLength(partialHead)
    if (length < 0 && partialHead.length <= headLimit) return nothing
    const parsed = length < 0 ? null : parseResponseHead(partialHead.subarray(0, length))
    if (!parsed) {
      malformed()
      return nothing
    }
    const rest = partialHead
    partialHead = nothing
    if (parsed.status < 200 && parsed.status !== 101) {
      pass(rest.subarray(0, length))
      return take(rest.subarray(length))
    }
    head = parsed
    isStream = isEventStream(parsed)
    body = createBody(responseFraming(request, parsed))
    onHead(parsed)
    return takeBody(body, rest, length)
  }

  function takeBody(body: Body, bytes: Buffer, start: number): Buffer {
    const end = start + body.take(bytes.subarray(start))
    done = body.done
    forward(bytes.subarray(0, end), end - start)
    return bytes.subarray(end)
  }

  function forward(bytes: Buffer, bodyBytes: number): void {
    const fault = isStream ? streamFault() : 'pass'
    if (fault === 'buffer' && !done) {
      holdBack(bytes, bodyBytes)
      return
    }
    letGo()
    const excess = passedBody + bodyBytes - cutLimit(fault)
    passedBody += bodyBytes
    pass(excess > 0 ? bytes.subarray(0, bytes.length - Math.min(excess, bodyBytes)) : bytes)
    if (excess >= 0) cut()
  }

  function holdBack(bytes: Buffer, bodyBytes: number): void {
    if (bytes.length === 0) return
    if (held.length === 0) onHeldBack('begun')
    held.push(bytes)
    passedBody += bodyBytes
    heldBytes += bytes.length
    if (heldBytes > holdLimit) onHeldBack('full')
  }

  function letGo(): void {
    if (held.length === 0) return
    const bytes = held
    held = []
    heldBytes = 0
    onHeldBack('over')
    for (const piece of bytes) pass(piece)
  }

  return {
    take,
    end() {
      done = true
      letGo()
    },
    faultChanged() {
      if (head && !done) forward(nothing, 0)
    },
    get done() {
      return done
    },
    get isStream() {
      return isStream
    },
  }
}

function cutLimit(fault: StreamFault): number {
  if (typeof fault === 'object') return fault.cutAfterBytes
  return fault === 'cut' ? 0 : Number.POSITIVE_INFINITY
}
