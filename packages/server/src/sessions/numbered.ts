import type { Frame, UpFrame } from '@holdfast/protocol'
import { HoldfastError, publishId, topicNameFault } from '@holdfast/protocol'
import type { Answer, Applied } from '../broker/broker.ts'
import { BrokerError } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { after, rescue } from '../broker/maybe-promise.ts'
import { settle } from '../broker/retry.ts'
import { drawId } from '../clock.ts'
import type { Context } from '../context.ts'
import { fault, isFault } from '../faults.ts'
import { authorize } from '../hooks.ts'
import { createDraft, readPayload, readValue, validate } from '../topics/publishing.ts'
import type { Topics } from '../topics/topics.ts'
import type { Requests } from './requests.ts'
import type { SessionIdentity } from './session.ts'

export type NumberedFrame = Frame<'subscribe' | 'unsubscribe' | 'publish' | 'request' | 'skip'>

/** Deals with numbered frames of one session: each number once, whoever brings it how often. */
export interface Numbered {
  /** At once where no hook and no broker answers later. Throws faults. */
  deal(frame: NumberedFrame): MaybePromise<Dealt>
}

export interface Dealt {
  /** New, or repeated. */
  readonly answer: Answer
  /** This call used the number up. */
  readonly fresh: boolean
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
    deal(frame) {
      const number = frame[1]
      if (number < 1) throw fault('malformed', `numbers begin with 1, not ${number}`)
      return after(number <= last ? record(['receipt', number]) : first(frame), (dealt) => {
        last = Math.max(last, number)
        return dealt
      })
    },
  }

  function first(frame: NumberedFrame): MaybePromise<Dealt> {
    return rescue(
      () => apply(frame),
      (error) => {
        if (isFault(error) || !(error instanceof HoldfastError)) throw error
        return record(['reject', frame[1], error.code, error.message])
      },
    )
  }

  function apply(frame: NumberedFrame): MaybePromise<Dealt> {
    if (frame[0] === 'publish') return publish(frame)
    if (frame[0] === 'request') return request(frame)
    if (frame[0] === 'skip') return record(['reject', frame[1], 'too-large', 'the way takes no message of its size'])
    return record(['receipt', frame[1]])
  }

  function publish([, number, topic, data, encoding]: Frame<'publish'>): MaybePromise<Dealt> {
    // A topic's presence is a name like others, which nobody may publish to.
    const wrong = topicNameFault(topic, true)
    if (wrong) throw new HoldfastError('bad-topic', wrong)
    const payload = readPayload(context, data, encoding)
    return after(authorize(context, session.user, 'publish', topic), (allowed) => {
      if (!allowed) throw new HoldfastError('forbidden', `you may not publish to '${topic}'`)
      const declared = topics.declared(topic)
      const valid = validate(context, declared, topic, payload)
      const { log } = topics.feed(topic)
      const draft = createDraft(context, declared, valid, { id: publishId(session.id, number), user: session.userJson })
      context.lastRead.keep(payload.json, data)
      const append = () => settle(context, () => log.append(draft, { session: session.id, number }))
      return after(append(), (known) => outcome(known, undefined))
    })
  }

  function request([, number, name, data, encoding]: Frame<'request'>): MaybePromise<Dealt> {
    readPayload(context, data, encoding)
    requests.check(session, name)
    return after(authorize(context, session.user, 'request', name), (allowed) => {
      if (!allowed) throw new HoldfastError('forbidden', `you may not request '${name}'`)
      return after(record(['receipt', number]), (recorded) => {
        if (recorded.fresh) requests.start(session, number, name, readValue(data, encoding))
        return recorded
      })
    })
  }

  function record(answer: Answer): MaybePromise<Dealt> {
    const by = `${mark}.${++marks}`
    const applied = rescue(
      () => settle(context, () => broker.sessions.record(session.id, answer[1], answer, by)),
      (error) => {
        throw error instanceof BrokerError ? fault('broker-failed', 'the broker does not answer') : error
      },
    )
    return after(applied, (known) => outcome(known, by))
  }
}

function outcome(applied: Applied, by: string | undefined): Dealt {
  if (applied.status === 'jump') throw fault('jump', 'an upstream number was left out')
  // Repeated under our own mark: the first attempt was applied though its answer was lost.
  const fresh = applied.status === 'applied' || (by !== undefined && applied.by === by)
  return { answer: applied.answer, fresh }
}
