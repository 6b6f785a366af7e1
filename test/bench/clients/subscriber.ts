import { connect, type Socket } from 'node:net'
import { wireLimits } from '@holdfast/protocol'
import { createCounter } from './counter.ts'
import type { Conversation, Sent } from './kinds.ts'

/** A raw connection that has subscribed, and counts. */
export interface Subscriber {
  readonly socket: Socket
  /** Messages so far. */
  readonly count: number
  beat(): void
}

const readyMs = 30_000
// All sockets of this process read into it, for nothing of what they read is kept.
const buffer = Buffer.alloc(64 * 1024)

/** @param counted told how many more have come */
export function subscribe(
  port: number,
  conversation: Conversation,
  post: (body: string) => void,
  counted: (more: number) => void,
): Promise<Subscriber> {
  return new Promise((resolve, reject) => {
    const counter = createCounter()
    let received = ''
    let ready = false
    let count = 0
    let unacknowledged = 0

    const send = (sent: Sent) => ('post' in sent ? post(sent.post) : socket.write(sent.frame))
    const beat = () => {
      unacknowledged = 0
      if (conversation.beat) send(conversation.beat(count))
    }
    const callback = (length: number) => {
      if (ready) {
        const more = counter(buffer.subarray(0, length))
        count += more
        unacknowledged += length
        if (conversation.acknowledges && unacknowledged >= wireLimits.ackBytes) beat()
        if (more > 0) counted(more)
      } else converse(buffer.toString('latin1', 0, length))
      return true
    }
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer, callback } })
    const late = setTimeout(() => reject(new Error(`not subscribed: ${received.slice(0, 500)}`)), readyMs)
    socket.on('error', reject)
    socket.on('close', () => {
      if (ready) console.error(`a subscriber was cut after ${count} messages`)
      reject(new Error(`cut: ${received.slice(0, 500)}`))
    })
    socket.write(conversation.head)

    function converse(text: string): void {
      received += text
      const next = conversation.next(received)
      if (next instanceof Buffer) socket.write(next)
      ready = next === true
      if (!ready) return
      clearTimeout(late)
      resolve({
        socket,
        get count() {
          return count
        },
        beat,
      })
    }
  })
}
