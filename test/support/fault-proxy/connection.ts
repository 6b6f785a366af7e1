import { connect, type Socket } from 'node:net'
import { createDelayQueue, type Parcel, setHold } from './delay-queue.ts'
import type { Faults } from './faults.ts'
import { createGate } from './gate.ts'
import type { Recorder } from './record.ts'
import { ignore, reset, setFlow } from './sockets.ts'

/** One client's TCP connection, and the one to the server that is made for its first forwarded request. */
export interface Connection {
  readonly carries: 'websocket' | 'stream' | 'http'
  stall(direction: 'up' | 'down' | 'both'): void
  resume(): void
  cut(how: 'reset' | 'end', notice: 'client' | 'server' | 'both'): void
  faultsChanged(faster: boolean): void
  destroy(): void
}

export interface ConnectionOptions {
  client: Socket
  target: () => { host: string; port: number }
  faults: () => Faults
  random: () => number
  isUpstreamPost: (request: { path: string }) => boolean
  recorder: Recorder
  onOver: () => void
}

export function createConnection(options: ConnectionOptions): Connection {
  const { client, target, faults, random, isUpstreamPost, recorder, onOver } = options
  const { stats } = recorder
  let server: Socket | null = null
  let clientClosed = false
  /** The client's end has come through; nothing more will be asked of the server. */
  let upOver = false
  let serverFlows = true
  let isCut = false
  /** The side that was told nothing when the other one was cut off. */
  let abandoned: Socket | null = null

  const delayMs = () => faults().latencyMs + (faults().jitterMs > 0 ? random() * faults().jitterMs : 0)
  const up = createDelayQueue({
    delayMs,
    bytesPerSecond: () => 0,
    deliver: deliverUp,
    flow: (on) => setFlow(client, on),
  })
  const down = createDelayQueue({
    delayMs,
    bytesPerSecond: () => faults().throttleBytesPerSecond,
    deliver: deliverDown,
    flow(on) {
      serverFlows = on
      if (server) setFlow(server, on)
    },
  })
  const gate = createGate({
    faults,
    isUpstreamPost,
    recorder,
    wire: {
      toServer,
      toClient: down.push,
      endServer() {
        if (!server) {
          client.destroySoon()
          return
        }
        server.end()
        // It may be paused for a client that no longer reads, and would then never be seen to close.
        if (clientClosed) server.resume()
      },
      endClient: () => down.push('end'),
      destroy(how) {
        dropServer()
        down.push(how)
      },
      dropServer,
      waitTurn: (on) => setHold(up, 'turn', on),
      holdServer: (on) => setHold(down, 'buffer', on),
    },
  })

  // On loopback the client's connect() has succeeded at once; on a real network its first bytes leave a round trip later.
  if (faults().latencyMs > 0) up.reserve(performance.now() + 3 * faults().latencyMs)
  applyBlock()
  client.on('data', up.push)
  client.on('end', () => up.push('end'))
  client.on('drain', () => down.release('full'))
  client.on('error', ignore)
  client.on('close', (failed) => {
    clientClosed = true
    down.close()
    up.push(failed ? 'reset' : 'end')
    checkOver()
  })

  function deliverUp(parcel: Parcel): void {
    if (typeof parcel !== 'string') gate.up(parcel)
    else end(parcel)
  }

  function end(how: string): void {
    upOver = true
    if (how === 'end') gate.upEnd()
    else dropServer()
    checkOver()
  }

  function toServer(bytes: Buffer): void {
    if (upOver) return
    server ??= connectServer()
    if (server.destroyed) {
      reset(client)
    } else if (server.writable) {
      stats.bytesUp += bytes.length
      if (!server.write(bytes)) up.hold('full')
    }
  }

  function connectServer(): Socket {
    const socket = connect({ ...target(), noDelay: true, allowHalfOpen: true })
    socket.on('data', (bytes) => {
      // What a kernel answers to bytes for a socket that is gone.
      if (clientClosed) reset(socket)
      else gate.down(bytes)
    })
    socket.on('end', () => gate.downEnd())
    socket.on('drain', () => up.release('full'))
    socket.on('error', ignore)
    socket.on('close', (failed) => {
      up.release('full')
      if (failed && gate.open) down.push('reset')
      checkOver()
    })
    if (!serverFlows) socket.pause()
    return socket
  }

  function deliverDown(parcel: Parcel): void {
    if (parcel === 'reset') {
      reset(client)
    } else if (parcel === 'cut') {
      client.destroySoon()
    } else if (parcel === 'end') {
      client.end()
    } else if (client.writable) {
      stats.bytesDown += parcel.length
      if (!client.write(parcel)) down.hold('full')
    }
  }

  function dropServer(): void {
    if (server) reset(server)
  }

  function applyBlock(): void {
    for (const queue of [up, down]) setHold(queue, 'block', faults().block === 'swallow')
  }

  function resume(): void {
    if (abandoned) reset(abandoned)
    up.release('stall')
    down.release('stall')
  }

  function sever(): void {
    upOver = true
    up.close()
    down.close()
  }

  function destroy(): void {
    sever()
    client.destroy()
    server?.destroy()
    gate.close()
    checkOver()
  }

  function checkOver(): void {
    if (!clientClosed || !upOver || (server && !server.closed)) return
    sever()
    gate.close()
    onOver()
  }

  return {
    get carries() {
      return gate.carries
    },
    stall(direction) {
      if (direction !== 'down') up.hold('stall')
      if (direction !== 'up') down.hold('stall')
    },
    resume,
    cut(how, notice) {
      sever()
      gate.note('cut')
      abandoned = notice === 'client' ? server : notice === 'server' ? client : null
      abandoned?.pause()
      for (const socket of [client, server]) {
        if (!socket || socket === abandoned) continue
        // What a gentler cut before has not closed yet waits for a reader who may never come.
        if (how === 'reset' || isCut) reset(socket)
        else socket.destroySoon()
      }
      isCut = true
      checkOver()
    },
    faultsChanged(faster) {
      if (faster) {
        up.hurry()
        down.hurry()
      }
      applyBlock()
      gate.faultsChanged()
    },
    destroy,
  }
}
