import { encodeFrame } from '@holdfast/protocol'
import type { FetchLike } from './http.ts'
import { openHttpLink } from './http-link.ts'
import { networkLoss, type Transport } from './transport.ts'

/** Carries a session by polls that the hub holds until there is something. @param fetchLike default: the global fetch. */
export function poll(fetchLike?: FetchLike): Transport {
  return {
    name: 'poll',
    open: (request, sink) =>
      openHttpLink(
        fetchLike,
        request,
        sink,
        async (ask, events) => {
          let body = request.hello
          for (;;) {
            const response = await ask('poll', body)
            if (!response) return
            const text = await response.text()
            if (!text.startsWith('[')) return events.lost(networkLoss('not-holdfast', 'no batch'))
            events.batch(text)
            body = `${request.session()}\n${encodeFrame(['poll', request.topics()])}`
          }
        },
        { acknowledges: true },
      ),
  }
}
