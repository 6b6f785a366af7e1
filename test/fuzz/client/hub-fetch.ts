import type { Hub } from '@holdfast/server'

/** A fetch whose far end is a hub, without a network. */
export const hubFetch =
  (hub: Hub) =>
  (url: string, { method = 'GET', body, signal }: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const listeners: (() => void)[] = []
      const gone = () => {
        for (const listener of listeners.splice(0)) listener()
      }
      signal?.addEventListener('abort', () => {
        reject(signal.reason)
        gone()
      })
      void hub.exchange({
        method,
        path: new URL(url).pathname,
        headers: {},
        address: undefined,
        query: () => undefined,
        body: async () => String(body),
        answer(status, type, text) {
          resolve(new Response(text, { status, headers: { 'Content-Type': type } }))
          gone()
        },
        stream(status, headers, events) {
          let controller: ReadableStreamDefaultController<Uint8Array> | null = null
          const stream = new ReadableStream<Uint8Array>({
            start(given) {
              controller = given
            },
            cancel: gone,
          })
          let over = false
          const end = () => {
            if (over) return
            over = true
            controller?.close()
            gone()
          }
          listeners.push(
            () => {
              if (!over && signal?.aborted) controller?.error(signal.reason)
              over = true
            },
            () => events.gone(),
          )
          resolve(new Response(stream, { status, headers }))
          return { write: ({ bytes }) => !over && controller?.enqueue(bytes), buffered: 0, end, destroy: end }
        },
        onGone: (listener) => void listeners.push(listener),
        destroy: gone,
      })
    })
