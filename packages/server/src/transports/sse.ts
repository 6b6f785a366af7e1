import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { closeLine } from '../faults.ts'
import type { Link } from '../links/link.ts'
import type { Sink } from '../links/outbox.ts'
import type { Batch } from '../topics/wire.ts'
import { createLine } from '../topics/wire.ts'
import type { Exchange, StreamLike } from './exchange.ts'
import { eventHeaders } from './exchange.ts'
import type { HttpParts } from './exchanges.ts'

/** `POST BASE/sse`: the body is the hello, the answer an open stream of batches. */
export function createSse(context: Context, { admission }: HttpParts): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const line = await exchange.body(context.settings.limits.batchBytes)
    const { session, hello, welcome, asked } = await admission.admit(line, exchange, 'sse')
    let link: Link | null = null
    const stream = exchange.stream(200, eventHeaders, {
      drained: () => link?.drained(),
      gone: () => link?.gone(),
    })
    if (!stream) return
    link = session.attach(hello.link, 'sse', new StreamSink(context, stream))
    link.send(welcome)
    link.flush()
    link.subscribe(hello.topics, asked)
  }
}

// A peer that does not take its last bytes is not waited for longer.
const graceMs = 2_000

class StreamSink implements Sink {
  readonly #context: Context
  readonly #stream: StreamLike

  constructor(context: Context, stream: StreamLike) {
    this.#context = context
    this.#stream = stream
  }

  write(batch: Batch): void {
    this.#stream.write(batch.event)
  }

  get buffered(): number {
    return this.#stream.buffered
  }

  end(reason: Fault): void {
    this.#stream.write(createLine(closeLine(reason)).event)
    this.#stream.end()
    this.#context.timers.after(graceMs, () => this.destroy())
  }

  destroy(): void {
    this.#stream.destroy()
  }
}
