import type { Socket } from 'node:net'

export function setFlow(socket: Socket, on: boolean): void {
  if (on) socket.resume()
  else socket.pause()
}

/** Closes with a RST where there is a connection to reset. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return
  // After a half-close libuv refuses the reset, and Node then leaves the socket open without a `close`.
  if (socket.connecting || socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

/** For `error`: it is followed by `close`, and that is what the other side gets to know. */
export function ignore(): void {}
