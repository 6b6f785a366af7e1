import { connect, type Socket } from 'node:net'
import { createDelayQueue, type Parcel, setHold } from './delay-queue.ts'
import { createGate, type GateOptions } from './gate.ts'
import type { Recorder } from './record.ts'
import type { Direction, Kind } from './rules.ts'
import { ignore, reset, setFlow } from './sockets.ts'

/** One client's TCP connection, and the one to the server that is made for its first forwarded request. */
export interface Connection {
  /** null while it is idle. */
  readonly carries: Kind | null
  stall(direction: Direction | 'both'): void
  resume(): void
  cut(how: 'reset' | 'end', notice: 'client' | 'server' | 'both'): void
  rulesChanged(): void
  destroy(): void
}

export interface ConnectionOptions extends Omit<GateOptions, 'wire'> {
  client: Socket
  target: () => { host: string; port: number }
  recorder: Recorder
  onOver: () => void
}

const directions = ['up', 'down'] as const

export function createConnection(options: ConnectionOptions): Connection {
  const { client, target, random, recorder, onOver } = options
  const { stats } = recorder
  let server: Socket | null = null
  let clientClosed = false
  /** The client's end has come through; nothing more will be asked of the server. */
  let upOver = false
  let serverFlows = true
  let clientFlows = true
  let waitsTurn = false
  let isCut = false
  let isOver = false
  /** The side that was told nothing when the other one was cut off. */
  let abandoned: Socket | null = null
  /** Until time makes another rule hold. */
  let timer: ReturnType<typeof setTimeout> | undefined

  const gate = createGate({
    ...options,
    wire: {
      toServer: (parcel) => push('up', parcel),
      toClient: (parcel) => push('down', parcel),
      answer: (...parcels) =>
        push('up', () => {
          for (const parcel of parcels) push('down', parcel)
        }),
      destroy(how) {
        dropServer()
        push('down', how)
      },
      dropServer,
      waitTurn(on) {
        waitsTurn = on
        setFlow(client, clientFlows && !waitsTurn)
      },
      holdServer: (on) => setHold(queues.down, 'buffer', on),
    },
  })
  const queues = {
    up: createQueue('up', deliverUp, (on) => {
      clientFlows = on
      setFlow(client, clientFlows && !waitsTurn)
    }),
    down: createQueue('down', deliverDown, (on) => {
      serverFlows = on
      if (server) setFlow(server, on)
    }),
  }

  function createQueue(direction: Direction, deliver: (parcel: Parcel) => void, flow: (on: boolean) => void) {
    return createDelayQueue({
      delayMs() {
        const { ms, jitterMs } = takePace(direction)
        return ms + (jitterMs > 0 ? random() * jitterMs : 0)
      },
      bytesPerSecond: () => paceOf(direction).bytesPerSecond,
      deliver,
      flow,
    })
  }

  /** At which each direction moved last. */
  const paces = { up: paceOf('up'), down: paceOf('down') }

  // On loopback the client's connect() has succeeded at once; on a real network its first bytes leave a round trip later.
  if (paces.up.ms > 0) queues.up.reserve(performance.now() + 3 * paces.up.ms)
  review()
  client.on('data', (bytes) => {
    gate.up(bytes)
    review()
  })
  client.on('end', gate.upEnd)
  client.on('drain', () => queues.down.release('full'))
  client.on('error', ignore)
  client.on('close', (failed) => {
    clientClosed = true
    queues.down.close()
    queues.up.push(failed ? 'reset' : 'end')
    checkOver()
  })

  function deliverUp(parcel: Parcel): void {
    if (typeof parcel === 'function') parcel()
    else if (typeof parcel === 'string') endUp(parcel)
    else toServer(parcel)
  }

  function endUp(how: string): void {
    upOver = true
    if (how !== 'end') dropServer()
    else if (!server) client.destroySoon()
    else {
      server.end()
      // It may be paused for a client that no longer reads, and would then never be seen to close.
      if (clientClosed) server.resume()
    }
    checkOver()
  }

  function toServer(bytes: Buffer): void {
    if (upOver) return
    server ??= connectServer()
    if (server.destroyed) {
      reset(client)
    } else if (server.writable) {
      stats.bytesUp += bytes.length
      if (!server.write(bytes)) queues.up.hold('full')
    }
  }

  function connectServer(): Socket {
    const socket = connect({ ...target(), noDelay: true, allowHalfOpen: true })
    socket.on('data', (bytes) => {
      // What a kernel answers to bytes for a socket that is gone.
      if (clientClosed) return reset(socket)
      gate.down(bytes)
      review()
    })
    socket.on('end', gate.downEnd)
    socket.on('drain', () => queues.up.release('full'))
    socket.on('error', ignore)
    socket.on('close', (failed) => {
      queues.up.release('full')
      if (failed && gate.open) queues.down.push('reset')
      checkOver()
    })
    if (!serverFlows) socket.pause()
    return socket
  }

  function deliverDown(parcel: Parcel): void {
    if (typeof parcel === 'function') {
      parcel()
    } else if (parcel === 'reset') {
      reset(client)
    } else if (parcel === 'cut') {
      client.destroySoon()
    } else if (parcel === 'end') {
      client.end()
    } else if (client.writable) {
      stats.bytesDown += parcel.length
      if (!client.write(parcel)) queues.down.hold('full')
    }
  }

  function dropServer(): void {
    if (server) reset(server)
  }

  function push(direction: Direction, parcel: Parcel): void {
    stallIfSaid(direction)
    queues[direction].push(parcel)
  }

  function stallIfSaid(direction: Direction): void {
    const stall = gate.case.find('stall', direction) !== undefined
    const queue = queues[direction]
    if (stall === queue.isHeld('rule')) return
    setHold(queue, 'rule', stall)
    if (stall) gate.note('stall')
  }

  /** What holds from now on, after bytes, a change of the rules, or a while. */
  function review(): void {
    if (isOver || isCut) return
    clearTimeout(timer)
    // What comes to its end while it is looked at would else be looked at no more: a stall then lasted for ever.
    const before = gate.case.msLeft()
    directions.forEach(stallIfSaid)
    gate.review()
    const ms = Math.min(before ?? Number.POSITIVE_INFINITY, gate.case.msLeft() ?? Number.POSITIVE_INFINITY)
    if (ms < Number.POSITIVE_INFINITY && !isOver && !isCut) timer = setTimeout(review, Math.ceil(ms))
  }

  function paceOf(direction: Direction) {
    const { ms = 0, jitterMs = 0 } = gate.case.find('delay', direction) ?? {}
    return { ms, jitterMs, bytesPerSecond: gate.case.find('throttle', direction)?.bytesPerSecond ?? 0 }
  }

  function takePace(direction: Direction) {
    paces[direction] = paceOf(direction)
    return paces[direction]
  }

  function hurryIfFaster(direction: Direction): void {
    const { ms, jitterMs, bytesPerSecond } = paces[direction]
    const now = takePace(direction)
    const isWider = (now.bytesPerSecond || Number.POSITIVE_INFINITY) > (bytesPerSecond || Number.POSITIVE_INFINITY)
    if (now.ms < ms || now.jitterMs < jitterMs || isWider) queues[direction].hurry()
  }

  function sever(): void {
    upOver = true
    clearTimeout(timer)
    for (const direction of directions) queues[direction].close()
  }

  function destroy(): void {
    sever()
    client.destroy()
    server?.destroy()
    gate.close()
    checkOver()
  }

  function checkOver(): void {
    if (isOver || !clientClosed || !upOver || (server && !server.closed)) return
    isOver = true
    sever()
    gate.close()
    onOver()
  }

  return {
    get carries() {
      return gate.carries
    },
    stall(direction) {
      if (direction !== 'down') queues.up.hold('stall')
      if (direction !== 'up') queues.down.hold('stall')
    },
    resume() {
      if (abandoned) reset(abandoned)
      for (const direction of directions) queues[direction].release('stall')
    },
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
    rulesChanged() {
      directions.forEach(hurryIfFaster)
      review()
    },
    destroy,
  }
}
