import type { Case } from './case.ts'
import { createFlow } from './flow.ts'
import { createBody } from './http-body.ts'
import { acceptUpgrade, answer, isEventStream, isUpgrade, type RequestHead, requestFraming } from './http-head.ts'
import type { LogEvent, Recorder } from './record.ts'
import { createResponse } from './response.ts'
import type { Direction, Kind, RuleOf } from './rules.ts'
import type { Wire } from './wire.ts'

/** One request and its response, or the tunnel that comes of it. */
export interface Exchange {
  readonly kind: Kind
  readonly requestDone: boolean
  /** Whether nothing of the server comes through any more. */
  readonly isMute: boolean
  /** Takes bytes of the client, of which so many are the head, and returns those beyond this request. */
  takeRequest(bytes: Buffer, head: number): Buffer
  /** Takes bytes of the server and returns those beyond this response. */
  takeResponse(bytes: Buffer): Buffer
  /** The server has closed its side. */
  endResponse(): void
  passTunnel(direction: Direction, bytes: Buffer): void
  review(): void
  note(event: LogEvent): void
  close(): void
}

export interface ExchangeOptions {
  head: RequestHead
  /** What the rules say of it; its `kind` may become `stream`. */
  case: Case
  random: () => number
  connection: number
  recorder: Recorder
  wire: Wire
  /** `sink`: from here on the client talks to nobody. */
  onOutcome: (outcome: 'finished' | 'tunnel' | 'sink') => void
}

export function createExchange(options: ExchangeOptions): Exchange {
  const { head, case: rules, random, connection, recorder, wire, onOutcome } = options
  const upgrades = isUpgrade(head)
  const request = createBody(requestFraming(head))
  const response = createResponse({
    request: head,
    onHead(responseHead) {
      status = responseHead.status
      if (isEventStream(responseHead)) rules.kind = 'stream'
      note('response')
    },
    pass: (bytes, headBytes, isLast) => down.take(bytes, headBytes, isLast),
    malformed: () => destroy('reset'),
  })
  const bytesPassed = { up: 0, down: 0 }
  const flow = (direction: Direction, pass: (bytes: Buffer) => void) =>
    createFlow({
      exchange: rules,
      direction,
      random,
      pass(bytes) {
        bytesPassed[direction] += bytes.length
        pass(bytes)
      },
      cut(how) {
        if (over) return
        note('cut')
        destroy(how)
      },
      onMet: note,
      onFull: wire.holdServer,
    })
  const up = flow('up', wire.toServer)
  const down = flow('down', wire.toClient)
  const { limit } = rules
  /** The request, as long as it is unknown whether it will be forwarded. */
  let kept: Buffer[] = []
  let keptHead = 0
  let refusal: RuleOf<'refuse'> | undefined
  let over = false
  let status: number | undefined

  recorder.request(head)
  note('request')

  function takeRequest(bytes: Buffer, headBytes: number): Buffer {
    const length = headBytes + request.take(bytes.subarray(headBytes))
    const own = bytes.subarray(0, length)
    if (headBytes > 0) refusal = rules.find('refuse')
    if (refusal) answerWhenDone()
    else if (limit) keepWithin(limit, own, headBytes)
    else pass(own, headBytes)
    return bytes.subarray(length)
  }

  function keepWithin(limit: RuleOf<'refuse'>, bytes: Buffer, headBytes: number): void {
    kept.push(bytes)
    keptHead ||= headBytes
    if (request.contentBytes > (limit.afterBytes ?? 0)) {
      kept = []
      refusal = limit
      answerWhenDone()
    } else if (request.done) {
      pass(Buffer.concat(kept.splice(0)), keptHead)
    }
  }

  function pass(bytes: Buffer, headBytes: number): void {
    up.take(bytes, headBytes, false)
    // Of a request that never arrives the server is to know nothing.
    if (headBytes > 0 && up.dropped) sink()
    finishWhenDone()
  }

  function answerWhenDone(): void {
    if (!request.done || !refusal) return
    const said = refusal.status
    const accepts = said === 101 && upgrades
    if (said !== 'reset') status = said
    note('refuse')
    if (said === 'reset') wire.answer('reset')
    else if (accepts) wire.answer(acceptUpgrade(head))
    else if (upgrades) wire.answer(answer(said, 'close'), 'cut')
    else wire.answer(answer(said, 'keep-alive'))
    if (said !== 'reset' && !upgrades) return finishWhenDone()
    if (!accepts) close()
    sink()
  }

  function takeResponse(bytes: Buffer): Buffer {
    const rest = response.take(bytes)
    if (over) return rest
    if (status === 101) onOutcome('tunnel')
    else finishWhenDone()
    return rest
  }

  function finishWhenDone(): void {
    if (over || down.dropped || !request.done || !(response.done || refusal)) return
    close()
    onOutcome('finished')
  }

  function sink(): void {
    onOutcome('sink')
    wire.dropServer()
  }

  function destroy(how: 'end' | 'reset'): void {
    if (over) return
    close()
    onOutcome('sink')
    wire.destroy(how === 'end' ? 'cut' : 'reset')
  }

  function close(): void {
    if (!over) note('end')
    over = true
  }

  function note(event: LogEvent): void {
    const { method, path } = head
    const known = status === undefined ? {} : { status }
    const { up: bytesUp, down: bytesDown } = bytesPassed
    const at = performance.now()
    const { port } = recorder
    recorder.add({
      at,
      port,
      connection,
      kind: rules.kind ?? 'other',
      method,
      path,
      event,
      ...known,
      bytesUp,
      bytesDown,
    })
  }

  return {
    get kind() {
      return rules.kind ?? 'other'
    },
    get requestDone() {
      return request.done
    },
    get isMute() {
      return down.dropped
    },
    takeRequest,
    takeResponse,
    endResponse() {
      response.end()
      down.end()
      finishWhenDone()
    },
    passTunnel: (direction, bytes) => (direction === 'up' ? up : down).take(bytes, 0, false),
    review() {
      if (over) return
      up.review()
      down.review()
    },
    note,
    close,
  }
}
