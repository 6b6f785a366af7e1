import type { IncomingMessage } from 'node:http'
import { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/**
 * The connection of a response whose head is written, for an answer that ends with the connection: Node then lets go of the
 * request and the response, which Express has made as heavy as everything else that a stream keeps, and a write costs half.
 * Null where another middleware has put itself between, where others on the same connection come first, and in HTTP/2.
 */
export function takeSocket(request: IncomingMessage, response: ServerResponse): Socket | null {
  const { socket } = response
  const isPlain = request.httpVersionMajor === 1 && response.write === ServerResponse.prototype.write
  if (!isPlain || !(socket instanceof Socket)) return null
  // As after an answer on a connection that is kept: else it would be closed here.
  Object.assign(response, { _last: false })
  response.emit('finish')
  // The pause between two requests has no limit here.
  socket.setTimeout(0)
  return socket
}
