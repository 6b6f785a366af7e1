import { offerHello } from '@holdfast/protocol'
import type { Link, LinkEvents, LinkRequest, Loss, Transport } from './transport.ts'
import { closeLoss, networkLoss } from './transport.ts'

/** What of the WHATWG WebSocket is used: the browser's, Node 22's, `ws` and mock-socket all have it. */
export interface WebSocketLike {
  readonly bufferedAmount?: number
  readonly readyState: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
  /** Only `ws` has it. */
  terminate?(): void
}
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike

// Beyond it the receipts of what is on its way say when there is room: a browser tells nothing when its buffer drains.
const highWaterBytes = 512 * 1024

/** Carries a session over a WebSocket. @param Socket default: the global one; without any, `missing` says so. */
export function websocket(Socket?: WebSocketClass): Transport {
  const Constructor = Socket ?? (globalThis as unknown as { WebSocket?: WebSocketClass }).WebSocket
  return {
    name: 'websocket',
    missing: Constructor ? null : 'websocket-missing',
    open: (request, events) => openSocket(Constructor as WebSocketClass, request, events),
  }
}

function openSocket(Constructor: WebSocketClass, request: LinkRequest, events: LinkEvents): Link {
  const { protocols, first } = offerHello(request.hello)
  const socket = new Constructor(request.url.replace(/^http/, 'ws'), protocols)
  let opened = false

  socket.onopen = () => {
    opened = true
    events.opened()
    if (first !== null) socket.send(first)
  }
  socket.onmessage = (event) => {
    const { data } = event as { data: unknown }
    // A binary message is none of the protocol's; the empty line of it is told from a frame where frames are read.
    events.batch(typeof data === 'string' ? data : '')
  }
  socket.onclose = (event) => {
    release()
    events.lost(lossOf(event, opened))
  }
  // Always followed by a close event; without a listener, ws throws.
  socket.onerror = () => {}

  function release(): void {
    socket.onopen = socket.onmessage = socket.onclose = null
  }

  return {
    get writable() {
      // React Native's and mock-socket's have no bufferedAmount.
      return socket.readyState === 1 && (socket.bufferedAmount ?? 0) < highWaterBytes
    },
    send: (lines) => socket.send(lines.join('\n')),
    close() {
      release()
      socket.close(1000)
      // `ws` would wait 30 s for the other side's close frame, and keep the process alive for it.
      socket.terminate?.()
    },
  }
}

/** Close events tell little on purpose (RFC 6455, 7.1.5; browsers show 1006 for every failed handshake). */
function lossOf(event: unknown, opened: boolean): Loss {
  const { code, reason } = event as { code: number; reason: string }
  if (code >= 4000 && code < 4400) {
    const [name = '', delay] = reason.split(' ')
    return closeLoss(code, name, reason, Number(delay))
  }
  return networkLoss(opened ? 'cut' : 'refused', `the WebSocket closed (${code})`)
}
