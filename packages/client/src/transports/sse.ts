import { createParser } from 'eventsource-parser'
import type { FetchLike } from './http.ts'
import { openHttpLink } from './http-link.ts'
import { networkLoss, type Transport } from './transport.ts'

/** Carries a session down an event stream and up in POSTs. @param fetchLike default: the global fetch. */
export function sse(fetchLike?: FetchLike): Transport {
  return {
    name: 'sse',
    open: (request, sink) =>
      openHttpLink(fetchLike, request, sink, async (ask, events) => {
        const response = await ask('sse', request.hello)
        if (!response) return
        if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
          return events.lost(networkLoss('not-holdfast', 'no event stream'))
        }
        const parser = createParser({ onEvent: (event) => events.batch(event.data) })
        const decoder = new TextDecoder()
        const reader = response.body.getReader()
        for (;;) {
          const { done, value } = await reader.read()
          if (done) return events.lost(networkLoss('cut', 'the stream ended'))
          parser.feed(decoder.decode(value, { stream: true }))
        }
      }),
  }
}
