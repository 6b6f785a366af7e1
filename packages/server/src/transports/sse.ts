import type { Context } from '../context.ts'
import { closeLine } from '../faults.ts'
import type { Link } from '../links/link.ts'
import type { Sink } from '../links/outbox.ts'
import { createChunk, createLine } from '../topics/wire.ts'
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
    link = session.attach(hello.link, 'sse', sinkOf(context, stream))
    link.send(welcome)
    link.flush()
    link.subscribe(hello.topics, asked)
  }
}

// A peer that does not take its last bytes is not waited for longer.
const graceMs = 2_000

function sinkOf(context: Context, stream: StreamLike): Sink {
  return {
    write(lines) {
      const [only] = lines
      if (lines.length === 1 && only) stream.write(only.sse)
      else stream.write(createChunk(lines.map(({ sse }) => sse.text).join('')))
    },
    get buffered() {
      return stream.buffered
    },
    end(reason) {
      stream.write(createLine(closeLine(reason)).sse)
      stream.end()
      context.timers.after(graceMs, () => stream.destroy())
    },
    destroy: () => stream.destroy(),
  }
}
