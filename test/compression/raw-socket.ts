import { once } from 'node:events'
import { connect } from 'node:net'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { offerHello } from '@holdfast/protocol'
import { createFrames } from '../server/support.ts'

/** A text message as it came. */
export interface RawMessage {
  readonly compressed: boolean
  /** Of its frame, head and all. */
  readonly bytes: Buffer
  readonly lines: readonly string[]
}

const tail = Buffer.from([0, 0, 0xff, 0xff])

/** What `permessage-deflate` makes of a message, alone. */
export const deflate = (text: string): Buffer =>
  deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -tail.length)

/** A client's frame of one text message; masked, as it must be, with zeros. */
export function clientFrame(payload: Buffer, compressed: boolean): Buffer {
  const { length } = payload
  const head = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127]
  const long = Buffer.alloc(head[0] === 127 ? 8 : 0)
  if (long.length > 0) long.writeBigUInt64BE(BigInt(length))
  const [first = 0, ...rest] = head
  return Buffer.concat([Buffer.from([compressed ? 0xc1 : 0x81, 0x80 | first, ...rest]), long, Buffer.alloc(4), payload])
}

const plain = (text: string): Buffer => clientFrame(Buffer.from(text), false)

/**
 * A WebSocket made by hand, that sees each frame as it is.
 * @param offered the extensions; none by default
 * @param encode makes the frame of a hello that is too long for the header
 */
export async function dialRaw(base: string, hello: string, offered: string | null = null, encode = plain) {
  const { hostname, port, pathname } = new URL(base)
  const { protocols, first } = offerHello(hello)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  const frames = createFrames()
  const messages: RawMessage[] = []
  const closed: { code: number; reason: string }[] = []
  let rest = Buffer.alloc(0)
  let head: string | null = null
  socket.write(
    [
      `GET ${pathname} HTTP/1.1`,
      'Host: x',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Sec-WebSocket-Protocol: ${protocols.join(', ')}`,
      ...(offered === null ? [] : [`Sec-WebSocket-Extensions: ${offered}`]),
      '\r\n',
    ].join('\r\n'),
  )
  socket.on('error', () => {})
  socket.on('close', () => frames.end(closed[0] ?? 'cut'))
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    if (head === null) {
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) return
      head = rest.subarray(0, end).toString()
      rest = rest.subarray(end + 4)
    }
    for (let length = take(); length > 0; length = take()) rest = rest.subarray(length)
  })
  while (head === null) await once(socket, 'data')
  if (first) socket.write(encode(first))

  return {
    status: Number(/^HTTP\/1.1 (\d+)/.exec(head)?.[1]),
    agreed: /^sec-websocket-extensions: (.*)$/im.exec(head)?.[1] ?? null,
    frames,
    messages,
    closed,
    write: (bytes: Buffer) => void socket.write(bytes),
    end: () => void socket.destroy(),
  }

  /** The length of the frame that is complete; 0 without one. */
  function take(): number {
    if (rest.length < 2) return 0
    const short = (rest[1] as number) & 127
    const at = short < 126 ? 2 : short === 126 ? 4 : 10
    if (rest.length < at) return 0
    const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
    if (rest.length < at + length) return 0
    read(rest[0] as number, rest.subarray(at, at + length), Buffer.from(rest.subarray(0, at + length)))
    return at + length
  }

  function read(first: number, payload: Buffer, bytes: Buffer): void {
    if ((first & 15) === 8) closed.push({ code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() })
    if ((first & 15) !== 1) return
    const compressed = (first & 0x40) !== 0
    const inflated = compressed
      ? inflateRawSync(Buffer.concat([payload, tail]), { finishFlush: constants.Z_SYNC_FLUSH })
      : payload
    messages.push({ compressed, bytes, lines: inflated.toString().split('\n') })
    frames.feed(inflated.toString())
  }
}

export type RawSocket = Awaited<ReturnType<typeof dialRaw>>
