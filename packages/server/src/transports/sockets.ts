import { closeCodes, offeredHello } from '@holdfast/protocol'
import type { Answer } from '../broker/broker.ts'
import { isPromise, rescue } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { closeReason, fault } from '../faults.ts'
import type { Transport } from '../links/link.ts'
import { Link } from '../links/link.ts'
import type { Admission, Admitted, Peer } from '../sessions/admission.ts'
import { faultFrom } from '../sessions/admission.ts'
import type { Session } from '../sessions/session.ts'
import { answerLine, type Source } from '../sessions/upstream.ts'
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
  const handshake = new Handshake(context, transports, upgrade)
  try {
    if (!originAllowed(context, upgrade)) throw fault('origin-forbidden', 'the page has another origin')
    const line = offeredHello(upgrade.protocols) ?? (await handshake.firstMessage())
    handshake.finish(await admission.admit(line, upgrade, 'websocket'))
  } catch (error) {
    handshake.open()
    handshake.refuse(faultFrom(context, error))
  }
}

/** A WebSocket that has no link. Where it was opened before it had one, it hands on what comes. */
class Handshake implements SocketEvents {
  readonly #context: Context
  readonly #transports: Transports
  readonly #upgrade: Upgrade
  #opened = false
  #socket: SocketLike | null = null
  #first: ((text: string) => void) | null = null
  #link: SocketLink | null = null

  constructor(context: Context, transports: Transports, upgrade: Upgrade) {
    this.#context = context
    this.#transports = transports
    this.#upgrade = upgrade
  }

  firstMessage(): Promise<string> {
    const { timers, settings } = this.#context
    return new Promise((resolve, reject) => {
      const stop = timers.after(settings.handshakeMs, () => reject(fault('handshake-timeout', 'no hello came')))
      this.#first = (text) => {
        stop()
        resolve(text)
      }
      this.open()
      if (!this.#socket) stop()
    })
  }

  /** Once. */
  open(): void {
    if (this.#opened) return
    this.#opened = true
    this.#socket = this.#upgrade.open(this)
    if (this.#socket) this.#transports.add(this)
  }

  finish(admitted: Admitted): void {
    const link = new SocketLink(this.#context, this.#transports, admitted.session, admitted.number)
    if (this.#opened) this.#link = link
    else {
      this.#opened = true
      this.#socket = this.#upgrade.open(link)
    }
    if (this.#socket) link.start(this.#socket, admitted)
    this.#transports.delete(this)
  }

  refuse(reason: Fault): void {
    this.#context.refused(reason.code)
    this.#first = null
    this.#socket?.close(closeCodes[reason.code].close, closeReason(reason))
  }

  message(text: string): void {
    if (this.#link) this.#link.message(text)
    else if (this.#first) {
      this.#first(text)
      this.#first = null
    } else this.refuse({ code: 'malformed', message: 'a hello comes first' })
  }

  broken(code: 'malformed' | 'too-large'): void {
    if (this.#link) this.#link.broken(code)
    else this.refuse(brokenBy(code))
  }

  drained(): void {
    this.#link?.drained()
  }

  gone(): void {
    this.#socket = null
    this.#transports.delete(this)
    this.#link?.gone()
  }

  destroy(): void {
    this.#socket?.destroy()
  }
}

class SocketLink extends Link<SocketLike> implements SocketEvents, Source {
  declare protected readonly owner: Session
  readonly #transports: Transports
  #paused = false

  constructor(context: Context, transports: Transports, session: Session, number: number) {
    super(context, session, number)
    this.#transports = transports
  }

  get transport(): Transport {
    return 'websocket'
  }

  start(socket: SocketLike, { session, topics, welcome, asked }: Admitted): void {
    this.far = socket
    this.#transports.add(this)
    session.attach(this)
    this.send(welcome)
    // With the 101, in one segment.
    this.flush()
    this.subscribe(topics, asked)
  }

  message(text: string): void {
    if (this.closed) return
    const session = this.owner
    session.heard(this.number)
    const failed = (error: unknown) => this.end(faultFrom(this.context, error))
    const taken = rescue(() => session.take(text, this), failed)
    if (!isPromise(taken)) return
    const { upstreamBytes, batchBytes } = this.context.settings.limits
    if (session.waiting <= upstreamBytes) return
    // What has been read comes though the socket is stopped, and inflates to many times as much.
    if (session.waiting > upstreamBytes + 4 * batchBytes)
      this.end(fault('later', 'too much of the session waits', 1_000))
    if (this.#paused) return
    this.#paused = true
    this.far?.pause()
    void session.idle().then(() => {
      this.#paused = false
      this.far?.resume()
    })
  }

  broken(code: 'malformed' | 'too-large'): void {
    this.end(brokenBy(code))
  }

  drained(): void {
    this.pump()
  }

  override gone(): void {
    this.far = null
    this.#transports.delete(this)
    super.gone()
  }

  get link(): number {
    return this.number
  }

  ended(): boolean {
    return this.closed
  }

  answer(answer: Answer | string): void {
    this.send(answerLine(answer))
  }

  protected override write(batch: Batch): void {
    const messages = this.far?.compresses ? batch.compressed : batch.messages
    for (const message of messages) this.far?.write(message)
  }

  protected override get buffered(): number {
    return this.far?.buffered ?? 0
  }

  protected override close(why: Fault): void {
    this.far?.close(closeCodes[why.code].close, closeReason(why))
  }

  override destroy(): void {
    this.far?.destroy()
  }
}

const brokenBy = (code: 'malformed' | 'too-large'): Fault => ({
  code,
  message: code === 'malformed' ? 'no text message' : 'the batch is too large',
})
