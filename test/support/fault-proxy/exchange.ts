import type { Faults } from './faults.ts'
import { createBody } from './http-body.ts'
import { acceptUpgrade, answer, isUpgrade, type RequestHead, requestFraming } from './http-head.ts'
import { type Plan, planRequest } from './plan.ts'
import type { LogEvent, Recorder } from './record.ts'
import { createResponse } from './response.ts'
import type { Wire } from './wire.ts'

/** One request and its response, or the tunnel that comes of it. */
export interface Exchange {
  readonly websocket: boolean
  readonly isStream: boolean
  readonly requestDone: boolean
  /** Takes bytes of the client, of which so many are the head, and returns those beyond this request. */
  takeRequest(bytes: Buffer, headLength: number): Buffer
  /** Takes bytes of the server and returns those beyond this response. */
  takeResponse(bytes: Buffer): Buffer
  /** The server has closed its side. */
  endResponse(): void
  passTunnel(direction: 'up' | 'down', bytes: Buffer): void
  faultChanged(): void
  note(event: LogEvent): void
  close(): void
}

export interface ExchangeOptions {
  head: RequestHead
  faults: () => Faults
  isUpstreamPost: (request: { path: string }) => boolean
  recorder: Recorder
  wire: Wire
  /** `sink`: from here on the client talks to nobody. */
  onOutcome: (outcome: 'finished' | 'tunnel' | 'mute' | 'sink') => void
}

export function createExchange({ head, faults, isUpstreamPost, recorder, wire, onOutcome }: ExchangeOptions): Exchange {
  const websocket = isUpgrade(head)
  const request = createBody(requestFraming(head))
  const response = createResponse({
    request: head,
    streamFault: () => faults().stream,
    onHead(responseHead) {
      status = responseHead.status
      note('response')
    },
    pass(bytes) {
      bytesDown += bytes.length
      if (plan.kind !== 'lose-response') wire.toClient(bytes)
    },
    cut: () => destroy('cut', 'cut'),
    malformed: () => destroy('reset'),
    onHeldBack(state) {
      if (state === 'begun') note('buffered')
      else wire.holdServer(state === 'full')
    },
  })
  let plan = planRequest(head, faults(), isUpstreamPost)
  /** The request, as long as it is unknown whether it will be forwarded. */
  let kept: Buffer[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false
  let status: number | undefined
  let bytesUp = 0
  let bytesDown = 0

  recorder.request(head)
  note('request')

  function takeRequest(bytes: Buffer, headLength: number): Buffer {
    const length = headLength + request.take(bytes.subarray(headLength))
    bytesUp += length
    carryOut(plan, bytes.subarray(0, length))
    return bytes.subarray(length)
  }

  function carryOut(plan: Plan, bytes: Buffer): void {
    switch (plan.kind) {
      case 'swallow':
        sink('swallowed')
        break
      case 'silence':
        wire.toClient(acceptUpgrade(head))
        sink('silenced')
        break
      case 'delay':
        timer = setTimeout(() => wire.toServer(bytes), plan.delayMs)
        note('delayed')
        break
      case 'limit':
        keepWithin(plan.maxBytes, bytes)
        break
      case 'answer':
        if (request.done) giveAnswer(plan)
        break
      default:
        wire.toServer(bytes)
        finishWhenDone()
    }
  }

  function keepWithin(maxBytes: number, bytes: Buffer): void {
    kept.push(bytes)
    if (request.contentBytes > maxBytes) {
      kept = []
      plan = { kind: 'answer', status: 413, connection: 'keep-alive', event: 'too-large' }
      carryOut(plan, bytes)
    } else if (request.done) {
      plan = { kind: 'forward' }
      carryOut(plan, Buffer.concat(kept.splice(0)))
    }
  }

  function giveAnswer(plan: Extract<Plan, { kind: 'answer' }>): void {
    wire.toClient(answer(plan.status, plan.connection))
    status = plan.status
    note(plan.event)
    if (plan.connection === 'close') destroy('cut')
    else finish()
  }

  function takeResponse(bytes: Buffer): Buffer {
    const rest = response.take(bytes)
    if (over) return rest
    if (status === 101) openTunnel()
    else finishWhenDone()
    return rest
  }

  function openTunnel(): void {
    if (plan.kind === 'cut-tunnel') {
      destroy('cut', 'cut')
    } else if (plan.kind === 'mute') {
      note('muted')
      onOutcome('mute')
    } else {
      onOutcome('tunnel')
    }
  }

  function finishWhenDone(): void {
    if (over || !request.done || !response.done) return
    if (plan.kind === 'lose-response') destroy('reset', 'response-lost')
    else finish()
  }

  function finish(): void {
    close()
    onOutcome('finished')
  }

  function sink(event: LogEvent): void {
    note(event)
    onOutcome('sink')
    wire.dropServer()
  }

  function destroy(how: 'cut' | 'reset', event?: LogEvent): void {
    if (event) note(event)
    close()
    onOutcome('sink')
    wire.destroy(how)
  }

  function close(): void {
    clearTimeout(timer)
    if (!over) note('end')
    over = true
  }

  function note(event: LogEvent): void {
    const kind = websocket ? 'websocket' : 'http'
    const { method, path } = head
    const known = status === undefined ? {} : { status }
    recorder.add({ at: performance.now(), kind, method, path, event, ...known, bytesUp, bytesDown })
  }

  return {
    websocket,
    get isStream() {
      return response.isStream
    },
    get requestDone() {
      return request.done
    },
    takeRequest,
    takeResponse,
    endResponse() {
      response.end()
      finishWhenDone()
    },
    passTunnel(direction, bytes) {
      if (direction === 'up') {
        bytesUp += bytes.length
        wire.toServer(bytes)
      } else {
        bytesDown += bytes.length
        wire.toClient(bytes)
      }
    },
    faultChanged() {
      if (!over) response.faultChanged()
    },
    note,
    close,
  }
}
