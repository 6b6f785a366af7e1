import type { Frame, UpFrame } from '@holdfast/protocol'
import { HoldfastError, publishId, topicNameFault } from '@holdfast/protocol'
import type { Answer, Applied } from '../broker/broker.ts'
import { BrokerError } from '../broker/broker.ts'
import { settle } from '../broker/retry.ts'
import { drawId } from '../clock.ts'
import type { Context } from '../context.ts'
import { fault, isFault } from '../faults.ts'
import { authorize } from '../hooks.ts'
import { createDraft, readPayload, validate } from '../topics/publishing.ts'
import type { Topics } from '../topics/topics.ts'
import type { Requests } from './requests.ts'
import type { SessionIdentity } from './session.ts'

export type NumberedFrame = Frame<'subscribe' | 'unsubscribe' | 'publish' | 'request' | 'skip'>

/** Deals with numbered frames of one session: each number once, whoever brings it how often. */
export interface Numbered {
  /** The answer, new or repeated, and whether this call used the number up. Throws faults. */
  deal(frame: NumberedFrame): Promise<{ answer: Answer; fresh: boolean }>
}

export const isNumbered = (frame: UpFrame): frame is NumberedFrame =>
  frame[0] === 'publish' ||
  frame[0] === 'request' ||
  frame[0] === 'subscribe' ||
  frame[0] === 'unsubscribe' ||
  frame[0] === 'skip'

export function createNumbered(
  context: Context,
  topics: Topics,
  requests: Requests,
  session: SessionIdentity,
): Numbered {
  const { broker } = context
  // What this node has seen; others may be further.
  let last = 0
  // Of this end of the session: another one, at this node or elsewhere, may have come before.
  const mark = drawId(context.random, 8)
  let marks = 0

  return {
    async deal(frame) {
      const number = frame[1]
      if (number < 1) throw fault('malformed', `numbers begin with 1, not ${number}`)
      const { answer, fresh } = await (number <= last ? record(['receipt', number]) : first(frame))
      last = Math.max(last, number)
      return { answer, fresh }
    },
  }

  async function first(frame: NumberedFrame): Promise<{ answer: Answer; fresh: boolean }> {
    const number = frame[1]
    try {
      if (frame[0] === 'publish') return await publish(frame)
      if (frame[0] === 'request') return await request(frame)
      if (frame[0] === 'skip')
        return await record(['reject', number, 'too-large', 'the way takes no message of its size'])
      return await record(['receipt', number])
    } catch (error) {
      if (isFault(error) || !(error instanceof HoldfastError)) throw error
      return await record(['reject', number, error.code, error.message])
    }
  }

  async function publish([, number, topic, data, encoding]: Frame<'publish'>) {
    // A topic's presence is a name like others, which nobody may publish to.
    const wrong = topicNameFault(topic, true)
    if (wrong) throw new HoldfastError('bad-topic', wrong)
    const payload = readPayload(context, data, encoding)
    if (!(await authorize(context, session.user, 'publish', topic))) {
      throw new HoldfastError('forbidden', `you may not publish to '${topic}'`)
    }
    const declared = topics.declared(topic)
    const valid = validate(context, declared, topic, payload)
    const { log } = topics.feed(topic)
    const draft = createDraft(context, declared, valid, { id: publishId(session.id, number), user: session.userJson })
    return outcome(await settle(context, () => log.append(draft, { session: session.id, number })), undefined)
  }

  async function request([, number, name, data, encoding]: Frame<'request'>) {
    const payload = readPayload(context, data, encoding)
    requests.check(session, name)
    if (!(await authorize(context, session.user, 'request', name))) {
      throw new HoldfastError('forbidden', `you may not request '${name}'`)
    }
    const recorded = await record(['receipt', number])
    if (recorded.fresh) requests.start(session, number, name, payload)
    return recorded
  }

  async function record(answer: Answer) {
    const by = `${mark}.${++marks}`
    try {
      const applied = await settle(context, () => broker.sessions.record(session.id, answer[1], answer, by))
      return outcome(applied, by)
    } catch (error) {
      if (error instanceof BrokerError) throw fault('broker-failed', 'the broker does not answer')
      throw error
    }
  }

  function outcome(applied: Applied, by: string | undefined): { answer: Answer; fresh: boolean } {
    if (applied.status === 'jump') throw fault('jump', 'an upstream number was left out')
    // Repeated under our own mark: the first attempt was applied though its answer was lost.
    const fresh = applied.status === 'applied' || (by !== undefined && applied.by === by)
    return { answer: applied.answer, fresh }
  }
}
