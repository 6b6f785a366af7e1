import { createHash } from 'node:crypto'
import { STATUS_CODES } from 'node:http'

/** What one has to know of HTTP/1.1 heads to follow the messages on a connection. */
export interface RequestHead {
  method: string
  /** The request target as sent, query included. */
  path: string
  headers: Headers
}

export interface ResponseHead {
  status: number
  headers: Headers
}

type Headers = ReadonlyMap<string, string>

/** Where a message's body ends. */
export type Framing = { kind: 'length'; length: number } | { kind: 'chunked' } | { kind: 'until-close' }

export const headLimit = 64 * 1024

/** The length of the head that these bytes begin with, -1 if it is not complete. */
export function headLength(bytes: Buffer): number {
  const end = bytes.indexOf('\r\n\r\n')
  return end < 0 ? -1 : end + 4
}

/** null if this is no HTTP/1 request. */
export function parseRequestHead(bytes: Buffer): RequestHead | null {
  const [line = '', ...fields] = bytes.toString('latin1').split('\r\n')
  const match = /^([!-~]+) ([!-~]+) HTTP\/1\.[01]$/.exec(line)
  return match ? { method: match[1] ?? '', path: match[2] ?? '', headers: parseFields(fields) } : null
}

export function parseResponseHead(bytes: Buffer): ResponseHead | null {
  const [line = '', ...fields] = bytes.toString('latin1').split('\r\n')
  const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)
  return match ? { status: Number(match[1]), headers: parseFields(fields) } : null
}

function parseFields(lines: string[]): Headers {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const earlier = headers.get(name)
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  return headers
}

export function requestFraming({ headers }: RequestHead): Framing {
  return declaredFraming(headers) ?? { kind: 'length', length: 0 }
}

export function responseFraming(request: RequestHead, { status, headers }: ResponseHead): Framing {
  if (request.method === 'HEAD' || status < 200 || status === 204 || status === 304)
    return { kind: 'length', length: 0 }
  return declaredFraming(headers) ?? { kind: 'until-close' }
}

function declaredFraming(headers: Headers): Framing | null {
  if (/\bchunked\s*$/i.test(headers.get('transfer-encoding') ?? '')) return { kind: 'chunked' }
  const length = Number.parseInt(headers.get('content-length') ?? '', 10)
  return Number.isNaN(length) ? null : { kind: 'length', length }
}

export function isUpgrade({ method, headers }: RequestHead): boolean {
  return method === 'GET' && headers.get('upgrade')?.toLowerCase() === 'websocket'
}

export function isEventStream({ headers }: ResponseHead): boolean {
  return /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
}

/** An answer of the proxy's own. */
export function answer(status: number, connection: 'close' | 'keep-alive'): Buffer {
  const body = `${status} from the fault proxy\n`
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
    `Connection: ${connection}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}

/** A valid 101 that no server has sent (RFC 6455, 4.2.2). */
export function acceptUpgrade({ headers }: RequestHead): Buffer {
  const key = `${headers.get('sec-websocket-key') ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const head = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}`,
  ]
  const protocol = headers.get('sec-websocket-protocol')?.split(',')[0]?.trim()
  if (protocol) head.push(`Sec-WebSocket-Protocol: ${protocol}`)
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1')
}
