import type { Frame } from '@holdfast/protocol'
import { parseUp } from '@holdfast/protocol'
import type { Answer } from '../broker/broker.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { heartbeatLine } from '../links/outbox.ts'
import { faultFrom } from '../sessions/admission.ts'
import { answerLine } from '../sessions/upstream.ts'
import type { Exchange } from './exchange.ts'
import { answerClose, refuse, textType } from './exchange.ts'
import type { HttpParts } from './exchanges.ts'

/** `POST BASE/send`: what a client without a WebSocket sends. Answered when all of it has been dealt with. */
export function createSend(context: Context, { sessions }: HttpParts): (exchange: Exchange) => Promise<void> {
  const { limits } = context.settings

  return async (exchange) => {
    const { frame, rest } = splitSession(await exchange.body(limits.batchBytes))
    const [, id, secret, number] = frame
    const found = sessions.find(id, secret)
    // Where nothing has to be waited for, all of it is dealt with in the turn in which it came.
    const session = isPromise(found) ? await found : found
    if (session.waiting > limits.upstreamBytes) throw fault('later', 'too much of the session waits', 1_000)
    session.heard(number)
    const lines: string[] = []
    try {
      const answer = (each: Answer | string) => lines.push(answerLine(each))
      const taken = rest === '' ? undefined : session.take(rest, { link: number, ended: () => false, answer })
      if (taken !== undefined) await taken
    } catch (error) {
      const reason = faultFrom(context, error)
      const link = session.link(number)
      if (!link) return refuse(context, exchange, reason, lines)
      link.end(reason)
      return answerClose(exchange, reason, lines)
    }
    // Before the answer, so that both wake the client once: what it asks for next waits for both.
    session.link(number)?.flush()
    // An answer without a frame would not be known as the hub's.
    exchange.answer(200, textType, lines.length > 0 ? lines.join('\n') : heartbeatLine.text)
  }
}

/** The first line of a POST, and what follows it. Throws `malformed`. */
export function splitSession(text: string): { frame: Frame<'session'>; rest: string } {
  const end = text.indexOf('\n')
  const frame = parseUp(end < 0 ? text : text.slice(0, end))
  if (frame[0] !== 'session') throw fault('malformed', `'session' comes first, not '${frame[0]}'`)
  return { frame, rest: end < 0 ? '' : text.slice(end + 1) }
}
