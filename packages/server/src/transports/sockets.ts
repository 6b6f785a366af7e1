import { closeCodes, offeredHello } from '@holdfast/protocol'
import type { Answer } from '../broker/broker.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { closeReason, fault } from '../faults.ts'
import type { Link } from '../links/link.ts'
import type { Sink } from '../links/outbox.ts'
import type { Admission, Admitted, Peer } from '../sessions/admission.ts'
import { faultFrom } from '../sessions/admission.ts'
import type { Session } from '../sessions/session.ts'
import type { Source } from '../sessions/upstream.ts'
import type { Batch, Chunk } from '../topics/wire.ts'
import { originAllowed } from './origin.ts'
import type { Transports } from './transports.ts'

/** A WebSocket on the hub's side, after its 101. */
export interface SocketLike {
  /** One text message; its bytes are the whole frame. Where it `compresses`, there may be several. */
  write(message: Chunk): void
  /** Its client has agreed to permessage-deflate. */
  readonly compresses?: boolean
  close(code: number, reason: string): void
  destroy(): void
  /** Stops and goes on with the events of `message`. */
  pause(): void
  resume(): void
  /** Bytes that the network has not taken. */
  readonly buffered: number
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
  const connection = new SocketConnection(context, transports)
  try {
    if (!originAllowed(context.settings, upgrade)) throw fault('origin-forbidden', 'the page has another origin')
    const line = offeredHello(upgrade.protocols) ?? (await firstMessage(context, connection, upgrade))
    const admitted = await admission.admit(line, upgrade, 'websocket')
    connection.open(upgrade)
    connection.start(admitted)
  } catch (error) {
    connection.open(upgrade)
    connection.refuse(faultFrom(context, error))
  }
}

function firstMessage(context: Context, connection: SocketConnection, upgrade: Upgrade): Promise<string> {
  const { timers, settings } = context
  return new Promise((resolve, reject) => {
    const stop = timers.after(settings.handshakeMs, () => reject(fault('handshake-timeout', 'no hello came')))
    const isOpen = connection.open(upgrade, (text) => {
      stop()
      resolve(text)
    })
    if (!isOpen) stop()
  })
}

/** A WebSocket with its link. */
class SocketConnection implements SocketEvents, Sink, Source {
  readonly #context: Context
  readonly #transports: Transports
  #socket: SocketLike | null = null
  #link: Link | null = null
  #session: Session | null = null
  #first: ((text: string) => void) | null = null
  #opened = false
  #paused = false

  constructor(context: Context, transports: Transports) {
    this.#context = context
    this.#transports = transports
  }

  /** Once. `first` takes the first message. False if the peer has gone. */
  open(upgrade: Upgrade, first: ((text: string) => void) | null = null): boolean {
    if (!this.#opened) {
      this.#opened = true
      this.#first = first
      this.#socket = upgrade.open(this)
      if (this.#socket) this.#transports.add(this)
    }
    return this.#socket !== null
  }

  start({ session, number, topics, welcome, asked }: Admitted): void {
    if (!this.#socket) return
    const link = session.attach(number, 'websocket', this)
    this.#session = session
    this.#link = link
    link.send(welcome)
    // With the 101, in one segment.
    link.flush()
    link.subscribe(topics, asked)
  }

  /** Before it has a link. */
  refuse(reason: Fault): void {
    this.#context.refused(reason.code)
    this.#first = null
    this.end(reason)
  }

  message(text: string): void {
    if (this.#link && this.#session) this.#receive(this.#link, this.#session, text)
    else if (this.#first) {
      this.#first(text)
      this.#first = null
    } else this.refuse({ code: 'malformed', message: 'a hello comes first' })
  }

  broken(code: 'malformed' | 'too-large'): void {
    const reason = { code, message: code === 'malformed' ? 'no text message' : 'the batch is too large' }
    if (this.#link) this.#link.end(reason)
    else this.refuse(reason)
  }

  drained(): void {
    this.#link?.pump()
  }

  gone(): void {
    this.#socket = null
    this.#transports.delete(this)
    this.#link?.gone()
  }

  get link(): number {
    return this.#link?.number ?? 0
  }

  ended(): boolean {
    return this.#link?.closed ?? true
  }

  answer(answer: Answer | string): void {
    this.#link?.send(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }

  write(batch: Batch): void {
    const messages = this.#socket?.compresses ? batch.compressed : batch.messages
    for (const message of messages) this.#socket?.write(message)
  }

  get buffered(): number {
    return this.#socket?.buffered ?? 0
  }

  end(reason: Fault): void {
    this.#socket?.close(closeCodes[reason.code].close, closeReason(reason))
  }

  destroy(): void {
    this.#socket?.destroy()
  }

  #receive(link: Link, session: Session, text: string): void {
    if (link.closed) return
    session.heard(link.number)
    session.take(text, this).catch((error) => link.end(faultFrom(this.#context, error)))
    const { upstreamBytes, batchBytes } = this.#context.settings.limits
    if (session.waiting <= upstreamBytes) return
    // What has been read comes though the socket is stopped, and inflates to many times as much.
    if (session.waiting > upstreamBytes + 4 * batchBytes)
      link.end(fault('later', 'too much of the session waits', 1_000))
    if (this.#paused) return
    this.#paused = true
    this.#socket?.pause()
    void session.idle().then(() => {
      this.#paused = false
      this.#socket?.resume()
    })
  }
}
