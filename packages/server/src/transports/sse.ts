import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { closeLine } from '../faults.ts'
import type { Transport } from '../links/link.ts'
import { Link } from '../links/link.ts'
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
    new StreamLink(context, transports, admitted).start(exchange, admitted)
  }
}

class StreamLink extends Link implements StreamEvents {
  readonly #transports: Transports
  #stream: StreamLike | null = null

  constructor(context: Context, transports: Transports, { session, number }: Admitted) {
    super(context, session, number)
    this.#transports = transports
  }

  get transport(): Transport {
    return 'sse'
  }

  start(exchange: Exchange, { session, topics, welcome, asked }: Admitted): void {
    this.#stream = exchange.stream(200, eventHeaders, this)
    if (!this.#stream) return
    this.#transports.add(this)
    session.attach(this)
    this.send(welcome)
    this.flush()
    this.subscribe(topics, asked)
  }

  drained(): void {
    this.pump()
  }

  override gone(): void {
    this.#transports.delete(this)
    super.gone()
  }

  protected override write(batch: Batch): void {
    this.#stream?.write(batch.event)
  }

  protected override get buffered(): number {
    return this.#stream?.buffered ?? 0
  }

  protected override close(why: Fault): void {
    if (!this.#stream) return
    this.#stream.write(createLine(closeLine(why)).event)
    endStream(this.context, this.#stream)
  }

  override destroy(): void {
    this.#stream?.destroy()
  }
}
