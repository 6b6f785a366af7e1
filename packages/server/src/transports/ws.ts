import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { closeCodes, subprotocol } from '@holdfast/protocol'
import type { RawData, ServerOptions } from 'ws'
import { WebSocket, WebSocketServer } from 'ws'
import type { Chunk } from '../topics/wire.ts'
import { agreedTo, deflateOptions } from './deflate.ts'
import { headersOf } from './headers.ts'
import { mountOf, pathOf, withoutSlash } from './mount.ts'
import type { SocketEvents, SocketLike, Upgrade } from './sockets.ts'

/** The WebSocket end of a hub. */
export interface WebSocketGlue {
  /** Serves upgrades of this path; other paths are left to other listeners. Answers what takes it off again. */
  attach(server: Server, path: string): () => void
  /** Takes all listeners off. */
  detach(): void
  /** Ends what still waits to be let in at once. */
  close(): void
}

// What ws would say by itself when a message is too long or no UTF-8, in the codes of the protocol.
const translated: Record<number, keyof typeof closeCodes> = { 1009: 'too-large', 1007: 'malformed' }

const notFound = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

const errorCodes: Record<string, 'too-large' | 'malformed'> = {
  Z_DATA_ERROR: 'malformed',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'too-large',
  WS_ERR_INVALID_UTF8: 'malformed',
}

/** One object for each socket: it is the hub's `SocketLike`, too. */
class Socket extends WebSocket implements SocketLike {
  // Not initialised here: the base class has been given them by then.
  declare events: SocketEvents
  declare socket: Duplex
  /** Somebody is to be told that what was buffered has been taken. */
  declare full: boolean

  override close(code?: number, reason?: string | Buffer): void {
    const known = code === undefined ? undefined : translated[code]
    if (known) super.close(closeCodes[known].close, known)
    else super.close(code, reason)
  }

  begin(socket: Duplex, events: SocketEvents): void {
    this.socket = socket
    this.events = events
    this.full = false
    this.on('message', onMessage)
    this.on('error', onError)
    this.on('close', onClose)
  }

  /** The frame as it is, past what ws would do with each message for each socket. */
  write({ bytes }: Chunk): void {
    if (this.readyState !== WebSocket.OPEN || this.socket.write(bytes) || this.full) return
    this.full = true
    this.socket.once('drain', () => {
      this.full = false
      this.events.drained()
    })
  }

  destroy(): void {
    this.terminate()
  }

  get buffered(): number {
    return this.socket.writableLength
  }

  get compresses(): boolean {
    return false
  }
}

class CompressingSocket extends Socket {
  override get compresses(): boolean {
    return true
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const { events } = this as Socket
  if (isBinary) events.broken('malformed')
  else events.message(data.toString())
}

// ws closes by itself then; this counts it.
function onError(this: WebSocket, error: Error & { code?: string }): void {
  const code = errorCodes[error.code ?? '']
  if (code) (this as Socket).events.broken(code)
}

function onClose(this: WebSocket): void {
  ;(this as Socket).events.gone()
}

/** `compress`: whether permessage-deflate is agreed to where it is offered. */
export function createWebSocketGlue(
  batchBytes: number,
  accept: (upgrade: Upgrade) => void,
  compress: () => boolean,
): WebSocketGlue {
  // Those that wait to be let in; what comes after is the hub's own matter.
  const sockets = new Set<Duplex>()
  const detachers = new Set<() => void>()
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    closeTimeout: 2_000,
    clientTracking: false,
    maxPayload: batchBytes,
    // Whatever comes first is echoed, so that one who speaks another version is told by a close code.
    handleProtocols(protocols) {
      const [first = false] = protocols
      // ws keeps it: one string for all sockets, and not a piece of each one's header.
      return first === subprotocol ? subprotocol : first
    },
  }
  const plain = createServer(false)
  const compressing = deflateOptions.map(createServer)

  function createServer(perMessageDeflate: ServerOptions['perMessageDeflate']): WebSocketServer {
    const SocketClass = (perMessageDeflate ? CompressingSocket : Socket) as typeof WebSocket
    return new WebSocketServer({ ...options, perMessageDeflate, WebSocket: SocketClass })
  }

  function serverOf({ 'sec-websocket-extensions': offered }: IncomingMessage['headers']): WebSocketServer {
    return (offered && compress() && compressing[agreedTo(offered)]) || plain
  }

  return {
    attach(httpServer, path) {
      const mount = mountOf(path)
      const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (withoutSlash(pathOf(request)) === mount) serve(request, socket, head)
        // With a listener of ours Node leaves every upgrade to listeners: where there is no other, nobody would answer.
        else if (httpServer.listenerCount('upgrade') === 1) {
          // Nor hear that the peer has gone, which would be an uncaught exception.
          socket.on('error', () => {})
          socket.end(notFound, () => socket.destroy())
        }
      }
      httpServer.on('upgrade', onUpgrade)
      const detach = () => {
        httpServer.off('upgrade', onUpgrade)
        detachers.delete(detach)
      }
      detachers.add(detach)
      return detach
    },
    detach() {
      for (const detach of [...detachers]) detach()
    },
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }

  function serve(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    sockets.add(socket)
    // Until its 101 nobody else listens.
    socket.on('error', destroyIt)
    accept(new UpgradeRequest(request, (events) => open(request, socket, head, events)))
  }

  function open(request: IncomingMessage, socket: Duplex, head: Buffer, events: SocketEvents): SocketLike | null {
    let opened: SocketLike | null = null
    sockets.delete(socket)
    if (socket.destroyed) return null
    // The 101 leaves in one segment with what is written in this turn: the welcome.
    socket.cork()
    process.nextTick(() => socket.uncork())
    serverOf(request.headers).handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', destroyIt)
      ;(webSocket as Socket).begin(socket, events)
      opened = webSocket as Socket
    })
    return opened
  }
}

class UpgradeRequest implements Upgrade {
  readonly headers: Upgrade['headers']
  readonly protocols: readonly string[]
  readonly open: Upgrade['open']
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage, open: Upgrade['open']) {
    this.headers = headersOf(request)
    this.protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
    this.open = open
    this.#request = request
  }

  // Asked for by few, and kept by the socket once it was.
  get address(): string | undefined {
    return this.#request.socket.remoteAddress
  }
}

function destroyIt(this: Duplex): void {
  this.destroy()
}
