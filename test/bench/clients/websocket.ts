import { randomBytes } from 'node:crypto'

/** The head of a request that upgrades. */
export const upgrade = (path: string, protocols?: readonly string[]): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    ...(protocols ? [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`] : []),
    '\r\n',
  ].join('\r\n')

/** A text frame of a client; masked, as it must be, with zeros. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255]
  if (payload.length > 65_535) throw new Error('too long for a frame of this kind')
  return Buffer.concat([Buffer.from([0x81, ...head, 0, 0, 0, 0]), payload])
}
