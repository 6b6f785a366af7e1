import { randomBytes } from 'node:crypto'
import { encodeFrame, offerHello, version } from '@holdfast/protocol'
import { topicsOf } from '../servers/contestant.ts'
import type { ContestantName } from '../servers/contestants.ts'
import { textFrame, upgrade } from './websocket.ts'

/** What a raw client says on a socket, and when. */
export interface Conversation {
  /** Sent at first. */
  readonly head: string
  /** Given all that came, as latin1: what to send now, or true when everything is subscribed to. */
  next(received: string): Buffer | boolean
  /** Sent every few seconds, after `each` messages on every topic. */
  beat?(each: number): Sent
  /** Sent after so many bytes. */
  readonly acknowledges?: boolean
}

/** `post`: not on the socket, but as the body of a POST. */
export type Sent = { readonly frame: Buffer } | { readonly post: string }

const bareWs = (client: number, topics: number): Conversation => ({
  head: upgrade(`/?client=${client}&topics=${topics}`),
  next: (received) => received.includes('\r\n\r\n'),
})

const bareSse = (client: number, topics: number): Conversation => ({
  head: `GET /?client=${client}&topics=${topics} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`,
  next: (received) => received.includes('\r\n\r\n'),
})

/** Those that raw clients can talk to. */
export type RawName = Exclude<ContestantName, 'Holdfast, long history'>

export const kinds: Record<RawName, (client: number, topics: number) => Conversation> = {
  'ws encoded': bareWs,
  'ws send': bareWs,
  'ws corked': bareWs,
  'SSE write': bareSse,
  'SSE socket': bareSse,
  'Socket.IO'() {
    let connected = false
    return {
      head: upgrade('/socket.io/?EIO=4&transport=websocket'),
      next(received) {
        if (connected || !received.includes('"sid"')) return received.includes('40{"sid"')
        connected = true
        return textFrame('40')
      },
      // A pong puts the next ping off, so that none has to be looked for.
      beat: () => ({ frame: textFrame('3') }),
    }
  },
  SockJS: () => ({
    head: upgrade(`/sockjs/000/${randomBytes(4).toString('hex')}/websocket`),
    next: (received) => received.endsWith('o'),
  }),
  'Holdfast ws'(client, topics) {
    const { hello, next, cursors } = holdfast(client, topics)
    const { protocols, first } = offerHello(hello)
    const due = [...(first ? [{ after: '\r\n\r\n', text: first }] : []), { after: '["welcome"', text: ping }]
    return {
      head: upgrade('/realtime', protocols),
      next(received) {
        const [now] = due
        if (!now) return next(received)
        if (!received.includes(now.after)) return false
        due.shift()
        return textFrame(now.text)
      },
      beat: (each) => ({ frame: textFrame(cursors(each)) }),
      acknowledges: true,
    }
  },
  'Holdfast SSE'(client, topics) {
    const { hello, next, cursors, session } = holdfast(client, topics)
    return {
      head: `POST /realtime/sse HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${hello.length}\r\n\r\n${hello}`,
      next,
      beat: (each) => ({ post: `${session}\n${cursors(each)}` }),
      acknowledges: true,
    }
  },
}

const ping = encodeFrame(['ping', 1])

/** A session as the protocol has it: its hello, whether it is subscribed to everything, and its acknowledgements. */
function holdfast(client: number, topics: number) {
  const names = topicsOf(client, topics).map((topic) => `topic-${topic}`)
  const [session, secret] = [id(), id()]
  const list = names.map((name) => [name, 'live'] as [string, string])
  const hello = encodeFrame(['hello', version, { session, secret, link: 1, mode: 'new', topics: list }])
  let starts: readonly { name: string; epoch: string; offset: number }[] = []
  return {
    hello,
    session: encodeFrame(['session', session, secret, 1]),
    next(received: string): boolean {
      const subscribed = [...received.matchAll(/\["subscribed","([^"]+)","([^".]+)\.(\d+)"/g)]
      starts = subscribed.map(([, name = '', epoch = '', offset]) => ({ name, epoch, offset: Number(offset) }))
      return starts.length === names.length
    },
    /** The messages come to the topics in turn. */
    cursors(each: number): string {
      const rounds = Math.floor(each / starts.length)
      return encodeFrame(['ack', starts.map(({ name, epoch, offset }) => [name, `${epoch}.${offset + rounds}`])])
    },
  }
}

const id = (): string => randomBytes(16).toString('base64url')
