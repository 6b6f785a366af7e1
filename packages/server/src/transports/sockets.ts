import { closeCodes, offeredHello } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { closeReason, fault } from '../faults.ts'
import type { Link } from '../links/link.ts'
import type { Sink } from '../links/outbox.ts'
import type { Admission, Admitted, Peer } from '../sessions/admission.ts'
import { faultFrom } from '../sessions/admission.ts'
import type { Session } from '../sessions/session.ts'
import type { Chunk, Line } from '../topics/wire.ts'
import { createChunk } from '../topics/wire.ts'
import { originAllowed } from './origin.ts'
import type { Transports } from './transports.ts'

/** A WebSocket on the hub's side, after its 101. */
export interface SocketLike {
  /** One text message. */
  send(message: Chunk): void
  close(code: number, reason: string): void
  destroy(): void
  /** Stops and goes on with the events of `message`. */
  pause(): void
  resume(): void
  readonly bufferedAmount: number
}

/** What the socket tells the hub. */
export interface SocketEvents {
  message(text: string): void
  /** What came is no text message, or too long: the link ends with this code. */
  broken(code: 'malformed' | 'too-large'): void
  /** What was buffered has been taken. */
  drained(): void
  gone(): void
}

export interface Upgrade extends Peer {
  /** The offered subprotocols, in their order. */
  readonly protocols: readonly string[]
  /** Answers 101; null if the peer has gone meanwhile. What is written in the same turn leaves with it. */
  open(events: SocketEvents): SocketLike | null
}

/** Serves one WebSocket, from its upgrade request on. Never rejects. */
export async function acceptSocket(
  context: Context,
  admission: Admission,
  transports: Transports,
  upgrade: Upgrade,
): Promise<void> {
  const { timers, settings } = context
  let socket: SocketLike | null = null
  let link: Link | null = null
  let session: Session | null = null
  let first: ((text: string) => void) | null = null
  let paused = false
  let opened = false
  let closed = () => {}

  try {
    if (!originAllowed(settings, upgrade)) throw fault('origin-forbidden', 'the page has another origin')
    const line = offeredHello(upgrade.protocols) ?? (await firstMessage())
    start(await admission.admit(line, upgrade, 'websocket'))
  } catch (error) {
    refuse(faultFrom(context, error))
  }

  function firstMessage(): Promise<string> {
    return new Promise((resolve, reject) => {
      const stop = timers.after(settings.handshakeMs, () => reject(fault('handshake-timeout', 'no hello came')))
      first = (text) => {
        stop()
        resolve(text)
      }
      open()
      if (!socket) stop()
    })
  }

  function open(): void {
    if (opened) return
    opened = true
    socket = upgrade.open({
      message(text) {
        if (link && session) receive(link, session, text)
        else if (first) {
          first(text)
          first = null
        } else refuse({ code: 'malformed', message: 'a hello comes first' })
      },
      broken: (code) => end({ code, message: code === 'malformed' ? 'no text message' : 'the batch is too large' }),
      drained: () => link?.drained(),
      gone() {
        socket = null
        closed()
        link?.gone()
      },
    })
    if (socket) closed = transports.add(() => socket?.destroy())
  }

  function start(admitted: Admitted): void {
    open()
    if (!socket) return
    session = admitted.session
    link = session.attach(admitted.hello.link, 'websocket', sinkOf(socket))
    link.send(admitted.welcome)
    // With the 101, in one segment.
    link.flush()
    link.subscribe(admitted.hello.topics, admitted.asked)
  }

  function receive(on: Link, at: Session, text: string): void {
    if (on.closed) return
    at.heard(on.number)
    const source = {
      link: on.number,
      ended: () => on.closed,
      answer: (answer: unknown) => on.send(typeof answer === 'string' ? answer : JSON.stringify(answer)),
    }
    at.upstream.take(text, source).catch((error) => on.end(faultFrom(context, error)))
    if (paused || at.upstream.waiting <= settings.limits.upstreamBytes) return
    paused = true
    socket?.pause()
    void at.upstream.idle().then(() => {
      paused = false
      socket?.resume()
    })
  }

  function end(reason: Fault): void {
    if (link) link.end(reason)
    else refuse(reason)
  }

  function refuse(reason: Fault): void {
    context.refused(reason.code)
    first = null
    open()
    socket?.close(closeCodes[reason.code].close, closeReason(reason))
  }
}

function sinkOf(socket: SocketLike): Sink {
  return {
    write(lines) {
      const [only] = lines
      if (lines.length === 1 && only) return socket.send(only)
      for (const message of joined(lines)) socket.send(message)
    },
    get buffered() {
      return socket.bufferedAmount
    },
    end: (reason) => socket.close(closeCodes[reason.code].close, closeReason(reason)),
    destroy: () => socket.destroy(),
  }
}

const messageSize = 128 * 1024

/** Lines in messages of a moderate size; a long line is a message by itself, so that its bytes are shared. */
function* joined(lines: readonly Line[]): Generator<Chunk> {
  let small: string[] = []
  let size = 0
  const gathered = () => {
    const chunk = createChunk(small.join('\n'))
    small = []
    size = 0
    return chunk
  }
  for (const line of lines) {
    if (size > 0 && size + line.size > messageSize) yield gathered()
    if (line.size > messageSize / 4) {
      if (size > 0) yield gathered()
      yield line
      continue
    }
    small.push(line.text)
    size += line.size
  }
  if (size > 0) yield gathered()
}
