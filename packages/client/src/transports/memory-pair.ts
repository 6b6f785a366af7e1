import type { WebSocketLike } from './websocket.ts'

/** How a hub takes its end; null if the client has gone meanwhile. */
export type Join = (events: { message(text: string): void; gone(): void }) => {
  readonly buffered: number
  write(message: { readonly text: string }): void
  close(code: number, reason: string): void
  destroy(): void
  pause(): void
  resume(): void
} | null

/** Both ends of one WebSocket in memory: `socket` is the client's, `join` gives the hub its own, `cut` tells neither why. */
export function createPair(ended: () => void): { socket: WebSocketLike; join: Join; cut(): void } {
  let far: Parameters<Join>[0] | null = null
  let up: string[] = []
  let paused = false
  const handlers = { onopen: null, onmessage: null, onerror: null, onclose: null }
  const socket = {
    ...(handlers as Pick<WebSocketLike, keyof typeof handlers>),
    readyState: 0,
    bufferedAmount: 0,
    send(text: string) {
      if (socket.readyState !== 1) return
      socket.bufferedAmount += text.length
      up.push(text)
      queueMicrotask(deliver)
    },
    close: () => end(1000, ''),
  }

  function deliver(): void {
    while (far && !paused && up.length > 0) {
      const text = up.shift() as string
      socket.bufferedAmount -= text.length
      far.message(text)
    }
    if (socket.readyState !== 3 || paused) return
    far?.gone()
    far = null
  }

  function end(code: number, reason: string): void {
    if (socket.readyState === 3) return
    socket.readyState = 3
    ended()
    queueMicrotask(() => socket.onclose?.({ code, reason } as never))
    queueMicrotask(deliver)
  }

  function cut(): void {
    up = []
    paused = false
    end(1006, '')
  }

  const join: Join = (events) => {
    if (socket.readyState !== 0) return null
    far = events
    socket.readyState = 1
    queueMicrotask(() => socket.onopen?.({} as never))
    return {
      buffered: 0,
      write: ({ text }) => queueMicrotask(() => socket.readyState === 1 && socket.onmessage?.({ data: text } as never)),
      close: (code, reason) => queueMicrotask(() => end(code, reason)),
      destroy: cut,
      pause() {
        paused = true
      },
      resume() {
        paused = false
        queueMicrotask(deliver)
      },
    }
  }

  return { socket, join, cut }
}
