import { connect } from 'node:net'
import { constants, deflateRawSync } from 'node:zlib'
import type { Conversation } from '../clients/kinds.ts'
import { createFrameCounter } from './frame-counter.ts'
import { marker } from './payloads.ts'

/** A raw connection that offers what browsers offer, has subscribed, and counts. */
export interface Subscriber {
  /** So far. */
  readonly messages: number
  readonly bytes: number
  /** Whether it has anything to say at a beat. */
  readonly speaks: boolean
  beat(): void
}

const readyMs = 30_000
const buffer = Buffer.alloc(64 * 1024)
const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'

/** @param acknowledgeEach says what has come after so many messages. @param counted told how many more have come */
export function subscribe(
  port: number,
  conversation: Conversation,
  acknowledgeEach: number,
  counted: (more: number) => void,
): Promise<Subscriber> {
  return new Promise((resolve, reject) => {
    const counter = createFrameCounter(marker)
    let received = ''
    let ready = false
    let agreed = false
    let unacknowledged = 0
    const state = { messages: 0, bytes: 0, speaks: conversation.beat !== undefined, beat }

    const callback = (length: number) => {
      if (ready) take(buffer.subarray(0, length))
      else converse(buffer.toString('latin1', 0, length))
      return true
    }
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer, callback } })
    const late = setTimeout(() => reject(new Error(`not subscribed: ${received.slice(0, 500)}`)), readyMs)
    socket.on('error', reject)
    socket.on('close', () => {
      if (ready) console.error(`a subscriber was cut after ${state.messages} messages`)
      reject(new Error(`cut: ${received.slice(0, 500)}`))
    })
    socket.write(conversation.head.replace('\r\n\r\n', `\r\n${offer}\r\n\r\n`))

    function take(chunk: Buffer): void {
      const more = counter(chunk)
      state.bytes += chunk.length
      state.messages += more
      unacknowledged += more
      if (conversation.acknowledges && unacknowledged >= acknowledgeEach) beat()
      if (more > 0) counted(more)
    }

    function beat(): void {
      unacknowledged = 0
      const sent = conversation.beat?.(state.messages)
      if (sent && 'frame' in sent) socket.write(agreed ? compressed(sent.frame) : sent.frame)
    }

    function converse(text: string): void {
      received += text
      const next = conversation.next(received)
      if (next instanceof Buffer) socket.write(next)
      ready = next === true
      agreed = /^sec-websocket-extensions:/im.test(received)
      if (!ready) return
      clearTimeout(late)
      resolve(state)
    }
  })
}

// Of a short frame, masked with zeros: its head has 6 bytes, or 8, and then comes the text.
function compressed(frame: Buffer): Buffer {
  const text = frame.subarray(((frame[1] as number) & 127) < 126 ? 6 : 8)
  const payload = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  if (payload.length > 125) throw new Error('too long for a frame of this kind')
  return Buffer.concat([Buffer.from([0xc1, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}
