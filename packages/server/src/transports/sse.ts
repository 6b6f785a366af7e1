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

class StreamLink extends Link<StreamLike> implements StreamEvents {
  readonly #transports: Transports

  constructor(context: Context, transports: Transports, { session, number }: Admitted) {
    super(context, session, number)
    this.#transports = transports
  }

  get transport(): Transport {
    return 'sse'
  }

  start(exchange: Exchange, { session, topics, welcome, asked }: Admitted): void {
    this.far = exchange.stream(200, eventHeaders, this)
    if (!this.far) return
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
    this.far?.write(batch.event)
  }

  protected override get buffered(): number {
    return this.far?.buffered ?? 0
  }

  protected override close(why: Fault): void {
    if (!this.far) return
    this.far.write(createLine(closeLine(why)).event)
    endStream(this.context, this.far)
  }

  override destroy(): void {
    this.far?.destroy()
  }
}
