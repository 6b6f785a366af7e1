import { constants, deflateRawSync } from 'node:zlib'
import { createConversation, offered, topicNames } from '../conversation.ts'
import type { Dice } from '../dice.ts'
import type { Mutator } from '../mutate.ts'

/** What goes over one TCP connection, in the pieces in which it is written. */
export interface RawInput {
  readonly pieces: readonly Buffer[]
  /** How the connection is ended by this side. */
  readonly end: 'fin' | 'reset'
}

/** Requests and WebSocket frames as bytes: some well, most with something wrong in their framing or content. */
export function createRawInput(dice: Dice, mutator: Mutator): RawInput {
  const kind = dice.roll()
  const bytes = kind < 0.4 ? webSocket() : kind < 0.95 ? post() : Buffer.from(mutator.text('\r\n\r\nGET / HTTP/1.1'))
  return { pieces: split(bytes), end: dice.chance(0.7) ? 'fin' : 'reset' }

  function split(all: Buffer): Buffer[] {
    const whole = dice.chance(0.25) ? all.subarray(0, dice.below(all.length)) : all
    if (dice.chance(0.6)) return [whole]
    const at = dice.below(whole.length + 1)
    return [whole.subarray(0, at), whole.subarray(at)]
  }

  function head(first: string, lines: readonly string[]): string {
    const all = [first, 'Host: x', ...lines]
    if (dice.chance(0.3)) {
      const at = dice.below(all.length)
      all[at] = mutator.text(all[at] as string)
    }
    if (dice.chance(0.05))
      all.push(dice.pick(['Content-Length: 7', 'Transfer-Encoding: chunked', 'Expect: 100-continue', 'X: \0']))
    if (dice.chance(0.02)) all.push(`X: ${'x'.repeat(dice.pick([1_000, 17_000]))}`)
    return `${all.join(dice.chance(0.97) ? '\r\n' : '\n')}\r\n\r\n`
  }

  function post(): Buffer {
    const conversation = createConversation(dice)
    const path = dice.pick(['sse', 'send', 'poll', `topics/${encodeURIComponent(dice.pick(topicNames))}`])
    const lines = path === 'send' ? [conversation.session(), ...conversation.frames(2)] : [conversation.hello()]
    const body = Buffer.from(dice.chance(0.5) ? mutator.batch(lines) : lines.join('\n'))
    const method = dice.pick(['POST', 'POST', 'POST', 'GET', 'OPTIONS'])
    const target = dice.chance(0.2) ? mutator.text(`/rt/${path}`) : `/rt/${path}`
    const lie = dice.chance(0.3) ? dice.pick([0, 1, body.length - 1, body.length + 9, 600_000, -1, 1e21]) : body.length
    const chunked = dice.chance(0.3)
    const length = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${lie}`
    const type = `Content-Type: ${dice.pick(['application/json', 'text/plain'])}`
    const start = head(`${method} ${target} HTTP/1.1`, [
      length,
      type,
      ...(dice.chance(0.5) ? ['Connection: close'] : []),
    ])
    return Buffer.concat([Buffer.from(start), chunked ? chunksOf(body) : body])
  }

  /** Cut short, with sizes that lie, now and then. */
  function chunksOf(body: Buffer): Buffer {
    const size = dice.chance(0.2) ? dice.pick(['0', 'ffffffffffff', '-1', 'x', '']) : body.length.toString(16)
    const end = dice.chance(0.2) ? dice.pick(['', '\r\n', '\r\n5\r\nab', '\r\n0\r\nX: y\r\n\r\n']) : '\r\n0\r\n\r\n'
    return Buffer.concat([Buffer.from(`${size}\r\n`), body, Buffer.from(end)])
  }

  function webSocket(): Buffer {
    const conversation = createConversation(dice)
    const hello = dice.chance(0.3) ? mutator.batch([conversation.hello()]) : conversation.hello()
    const deflates = dice.chance(0.3)
    const path = dice.chance(0.9) ? '/rt' : dice.pick(['/rt/', '/other', '/rt/sse', '/', '*', 'http://x/rt', '/rt?x'])
    const start = head(`GET ${path} HTTP/1.1`, [
      dice.chance(0.95) ? 'Upgrade: websocket' : 'Upgrade: h2c',
      'Connection: Upgrade',
      `Sec-WebSocket-Version: ${dice.chance(0.95) ? 13 : 8}`,
      `Sec-WebSocket-Key: ${dice.chance(0.95) ? 'dGhlIHNhbXBsZSBub25jZQ==' : 'x'}`,
      ...(dice.chance(0.95) ? [`Sec-WebSocket-Protocol: ${offered(hello).join(', ')}`] : []),
      ...(deflates ? ['Sec-WebSocket-Extensions: permessage-deflate'] : []),
    ])
    const frames = Array.from({ length: 1 + dice.below(3) }, () =>
      frame(mutator.batch(conversation.frames(2)), deflates && dice.chance(0.7)),
    )
    return Buffer.concat([Buffer.from(start), ...frames])
  }

  /** RFC 7692, 7.2.1, with a byte changed now and then. */
  function deflate(text: string): Buffer {
    const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    if (dice.chance(0.2) && bytes.length > 0) bytes[dice.below(bytes.length)] = dice.below(256)
    return bytes
  }

  /** RFC 6455, 5.2, with a bit of its first two bytes flipped now and then, or a length that lies. */
  function frame(text: string, compressed: boolean): Buffer {
    const payload = compressed ? deflate(text) : Buffer.from(text)
    const opcode = dice.chance(0.8) ? 1 : dice.below(16)
    const length = dice.chance(0.9) ? payload.length : dice.pick([0, 1, payload.length + 5, 65_536, 2 ** 32])
    const size =
      length < 126
        ? Buffer.from([length])
        : length < 65_536
          ? Buffer.from([126, length >> 8, length & 255])
          : Buffer.concat([Buffer.from([127]), bigEndian(length)])
    size[0] = (size[0] as number) | (dice.chance(0.96) ? 0x80 : 0)
    const first =
      (dice.chance(0.93) ? 0x80 : 0) |
      (dice.chance(0.96) ? 0 : 1 << (4 + dice.below(3))) |
      (compressed ? 0x40 : 0) |
      opcode
    const mask = Buffer.from([dice.below(256), dice.below(256), 7, 9])
    const masked = payload.map((byte, index) => byte ^ (mask[index % 4] as number))
    return Buffer.concat([Buffer.from([first]), size, mask, masked])
  }
}

function bigEndian(length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(length))
  return bytes
}
