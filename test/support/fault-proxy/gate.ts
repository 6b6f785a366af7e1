import { createExchange, type Exchange, type ExchangeOptions } from './exchange.ts'
import { headLength, headLimit, parseRequestHead } from './http-head.ts'
import type { LogEvent } from './record.ts'

/** The fault point of one connection: all bytes come by here, in the client's order and the server's. */
export interface Gate {
  up(bytes: Buffer): void
  upEnd(): void
  down(bytes: Buffer): void
  downEnd(): void
  /** Whether what becomes of the server's side concerns the client. */
  readonly open: boolean
  /** What the connection carries at present. */
  readonly carries: 'websocket' | 'stream' | 'http'
  faultsChanged(): void
  note(event: LogEvent): void
  close(): void
}

export type GateOptions = Omit<ExchangeOptions, 'head' | 'onOutcome'>

const nothing: Buffer = Buffer.alloc(0)

export function createGate(options: GateOptions): Gate {
  const { wire } = options
  let mode: 'http' | 'tunnel' | 'mute' | 'sink' = 'http'
  let exchange: Exchange | null = null
  /** What the client has sent beyond the request that is being answered, or of an incomplete head. */
  let waiting = nothing

  function up(bytes: Buffer): void {
    if (mode === 'tunnel' || mode === 'mute') {
      exchange?.passTunnel('up', bytes)
    } else if (mode === 'http') {
      waiting = waiting.length > 0 ? Buffer.concat([waiting, bytes]) : bytes
      readRequests()
    }
  }

  /** One request at a time goes to the server, though a client may have sent several. */
  function readRequests(): void {
    while (mode === 'http' && waiting.length > 0 && !exchange?.requestDone) {
      if (exchange) waiting = exchange.takeRequest(waiting, 0)
      else if (!begin()) return
    }
    wire.waitTurn(mode === 'http' && waiting.length > 0)
  }

  function begin(): boolean {
    const length = headLength(waiting)
    if (length < 0 && waiting.length <= headLimit) return false
    const head = length < 0 ? null : parseRequestHead(waiting.subarray(0, length))
    if (!head) {
      mode = 'sink'
      wire.destroy('reset')
      return false
    }
    const begun = createExchange({
      ...options,
      head,
      onOutcome(outcome) {
        if (outcome === 'finished') exchange = null
        else mode = outcome
      },
    })
    exchange = begun
    waiting = begun.takeRequest(waiting, length)
    return true
  }

  function down(bytes: Buffer): void {
    if (mode === 'tunnel') {
      exchange?.passTunnel('down', bytes)
    } else if (mode === 'http') {
      // What comes unasked, for instance a 408, is the client's to judge.
      if (exchange) downResponse(exchange, bytes)
      else wire.toClient(bytes)
    }
  }

  function downResponse(current: Exchange, bytes: Buffer): void {
    const rest = current.takeResponse(bytes)
    const early = waiting
    waiting = nothing
    if (early.length > 0) up(early)
    if (mode !== 'http') wire.waitTurn(false)
    if (rest.length > 0) down(rest)
  }

  return {
    up,
    down,
    upEnd() {
      wire.endServer()
      // Where the server's bytes do not get through, its end would not either.
      if (mode === 'sink' || mode === 'mute') wire.endClient()
    },
    downEnd() {
      if (mode === 'sink' || mode === 'mute') return
      if (mode === 'http') exchange?.endResponse()
      wire.endClient()
    },
    get open() {
      return mode === 'http' || mode === 'tunnel'
    },
    get carries() {
      if (exchange?.websocket) return 'websocket'
      return exchange?.isStream ? 'stream' : 'http'
    },
    faultsChanged: () => exchange?.faultChanged(),
    note: (event) => exchange?.note(event),
    close() {
      exchange?.close()
      exchange = null
    },
  }
}
