import { type Body, createBody } from './http-body.ts'
import {
  headLength,
  headLimit,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  responseFraming,
} from './http-head.ts'

/** Follows the server's response to one request. */
export interface Response {
  /** Takes the server's bytes and returns those beyond this response (after a 101: the tunnel's). */
  take(bytes: Buffer): Buffer
  /** The server has closed its side. */
  end(): void
  readonly done: boolean
}

export interface ResponseOptions {
  request: RequestHead
  onHead: (head: ResponseHead) => void
  /** @param head how many of the bytes are a head @param isLast whether the response ends with them */
  pass: (bytes: Buffer, head: number, isLast: boolean) => void
  malformed: () => void
}

const nothing: Buffer = Buffer.alloc(0)

export function createResponse({ request, onHead, pass, malformed }: ResponseOptions): Response {
  let partialHead = nothing
  let body: Body | null = null
  let done = false

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
      pass(rest.subarray(0, length), length, false)
      return take(rest.subarray(length))
    }
    body = createBody(responseFraming(request, parsed))
    onHead(parsed)
    return takeBody(body, rest, length)
  }

  function takeBody(body: Body, bytes: Buffer, head: number): Buffer {
    const end = head + body.take(bytes.subarray(head))
    done = body.done
    pass(bytes.subarray(0, end), head, done)
    return bytes.subarray(end)
  }

  return {
    take,
    end() {
      done = true
    },
    get done() {
      return done
    },
  }
}
