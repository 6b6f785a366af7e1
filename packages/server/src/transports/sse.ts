import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { closeLine } from '../faults.ts'
import type { Link } from '../links/link.ts'
import type { Sink } from '../links/outbox.ts'
import type { Admitted } from '../sessions/admission.ts'
import type { Batch } from '../topics/wire.ts'
import { createLine } from '../topics/wire.ts'
import type { Exchange, StreamEvents, StreamLike } from './exchange.ts'
import { endStream, eventHeaders } from './exchange.ts'
import type { HttpParts } from './exchanges.ts'
import type { Transports } from './transports.ts'

/** `POST BASE/sse`: the body is the hello, the answer an open stream of batches. */
export function createSse(
  context: Context,
  { admission, transports }: HttpParts,
): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const line = await exchange.body(context.settings.limits.batchBytes)
    const admitted = await admission.admit(line, exchange, 'sse')
    const connection = new StreamConnection(context, transports)
    connection.start(exchange, admitted)
  }
}

/** A stream of events with its link. */
class StreamConnection implements StreamEvents, Sink {
  readonly #context: Context
  readonly #transports: Transports
  #stream: StreamLike | null = null
  #link: Link | null = null

  constructor(context: Context, transports: Transports) {
    this.#context = context
    this.#transports = transports
  }

  start(exchange: Exchange, { session, number, topics, welcome, asked }: Admitted): void {
    this.#stream = exchange.stream(200, eventHeaders, this)
    if (!this.#stream) return
    this.#transports.add(this)
    const link = session.attach(number, 'sse', this)
    this.#link = link
    link.send(welcome)
    link.flush()
    link.subscribe(topics, asked)
  }

  drained(): void {
    this.#link?.pump()
  }

  gone(): void {
    this.#transports.delete(this)
    this.#link?.gone()
  }

  write(batch: Batch): void {
    this.#stream?.write(batch.event)
  }

  get buffered(): number {
    return this.#stream?.buffered ?? 0
  }

  end(reason: Fault): void {
    if (!this.#stream) return
    this.#stream.write(createLine(closeLine(reason)).event)
    endStream(this.#context, this.#stream)
  }

  destroy(): void {
    this.#stream?.destroy()
  }
}
