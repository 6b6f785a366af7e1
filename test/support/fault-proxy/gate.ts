import { type Case, type CaseOptions, createCase } from './case.ts'
import { createExchange, type Exchange, type ExchangeOptions } from './exchange.ts'
import { headLength, headLimit, isUpgrade, parseRequestHead, type RequestHead } from './http-head.ts'
import type { LogEvent } from './record.ts'
import type { Kind } from './rules.ts'

/** The fault point of one connection: all bytes come by here, in the client's order and the server's. */
export interface Gate {
  up(bytes: Buffer): void
  upEnd(): void
  down(bytes: Buffer): void
  downEnd(): void
  /** Whether what becomes of the server's side concerns the client. */
  readonly open: boolean
  /** What the connection carries at present; null while it is idle. */
  readonly carries: Kind | null
  /** What the rules say of the latest exchange, or of the connection if there was none yet. */
  readonly case: Case
  review(): void
  note(event: LogEvent): void
  close(): void
}

export type GateOptions = Omit<ExchangeOptions, 'head' | 'case' | 'onOutcome'> &
  CaseOptions & { kindOf: (request: RequestHead) => Kind }

const nothing: Buffer = Buffer.alloc(0)
const waitingLimit = 64 * 1024

export function createGate(options: GateOptions): Gate {
  const { wire, kindOf } = options
  const idle = createCase(options, null)
  let latest = idle
  let mode: 'http' | 'tunnel' | 'sink' = 'http'
  let exchange: Exchange | null = null
  /** What the client has sent beyond the request that is being answered, or of an incomplete head. */
  let waiting = nothing

  function up(bytes: Buffer): void {
    if (mode === 'tunnel') {
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
      else if (!begin()) break
    }
    wire.waitTurn(mode === 'http' && waiting.length > waitingLimit)
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
    latest = createCase(options, isUpgrade(head) ? 'websocket' : kindOf(head))
    const begun = createExchange({
      ...options,
      head,
      case: latest,
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

  const isMute = () => mode === 'sink' || exchange?.isMute === true

  return {
    up,
    down,
    upEnd() {
      wire.toServer('end')
      // Where the server's bytes do not get through, its end would not either.
      if (isMute()) wire.toClient('end')
    },
    downEnd() {
      if (isMute()) return
      if (mode === 'http') exchange?.endResponse()
      wire.toClient('end')
    },
    get open() {
      return !isMute()
    },
    get carries() {
      return exchange?.kind ?? null
    },
    get case() {
      return latest
    },
    review() {
      if (exchange) return exchange.review()
      const cut = idle.find('cut')
      if (cut && mode !== 'sink') {
        mode = 'sink'
        wire.destroy(cut.how === 'end' ? 'cut' : 'reset')
      }
    },
    note: (event) => exchange?.note(event),
    close() {
      exchange?.close()
      exchange = null
    },
  }
}
