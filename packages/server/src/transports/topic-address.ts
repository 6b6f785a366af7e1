import { HoldfastError, parseFrom } from '@holdfast/protocol'
import { BrokerError } from '../broker/broker.ts'
import { receiptOf } from '../broker/receipts.ts'
import type { Context } from '../context.ts'
import { fault, isFault } from '../faults.ts'
import { authenticate, authorize } from '../hooks.ts'
import { bearer } from '../sessions/admission.ts'
import type { Identity } from '../sessions/identity.ts'
import { identify } from '../sessions/identity.ts'
import { locate } from '../topics/locate.ts'
import { createDraft, readPayload, validate } from '../topics/publishing.ts'
import { snapshotsOf } from '../topics/snapshots.ts'
import type { Exchange } from './exchange.ts'
import { eventHeaders, jsonType } from './exchange.ts'
import type { HttpParts } from './exchanges.ts'

/** `BASE/topics/<name>`: one topic for clients that know nothing of Holdfast. */
export function createTopicAddress(
  context: Context,
  { topics, streams }: HttpParts,
): (exchange: Exchange, segment: string) => Promise<void> {
  const { limits } = context.settings

  return async (exchange, segment) => {
    try {
      const topic = decode(segment)
      const identity = await who(exchange)
      if (exchange.method === 'GET') await follow(exchange, topic, identity)
      else await publish(exchange, topic, identity)
    } catch (error) {
      if (isFault(error) || !(error instanceof HoldfastError) || !Object.hasOwn(statuses, error.code)) throw error
      context.refused(error.code)
      const { code, message } = error
      exchange.answer(statuses[code] as number, jsonType, JSON.stringify({ code, message }))
    }
  }

  async function who(exchange: Exchange): Promise<Identity> {
    const { headers, address } = exchange
    const user = await authenticate(context, {
      token: bearer(headers),
      headers,
      origin: headers.origin,
      address,
      transport: 'http',
    })
    return identify(context, user)
  }

  async function follow(exchange: Exchange, topic: string, identity: Identity): Promise<void> {
    const from = exchange.headers['last-event-id'] || (exchange.query('from') ?? 'live')
    const start = parseFrom(from)
    if (!start) throw new HoldfastError('bad-cursor', `'${from.slice(0, 80)}' is no place to start`)
    const asked = start.at === 'live' ? topics.peek(topic) : undefined
    if (asked instanceof Promise) asked.catch(() => {})
    const place = streams.enter(identity.key, topic)
    try {
      await allow(identity, 'subscribe', topic)
      const feed = topics.feed(topic)
      const position = await locate(feed, start, asked, snapshotsOf(feed, context))
      if (place.ended) throw new HoldfastError('forbidden', `the right to '${topic}' was taken back`)
      place.leave()
      streams.open(exchange, eventHeaders, feed, position, identity)
    } finally {
      place.leave()
    }
  }

  async function publish(exchange: Exchange, topic: string, identity: Identity): Promise<void> {
    const type = (exchange.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
    // Nothing else: a form of another page can send text without asking, but not this.
    if (type !== 'application/json') throw new HoldfastError('bad-payload', 'the body must be application/json')
    const payload = readPayload(context, parse(await exchange.body(limits.batchBytes)), undefined)
    await allow(identity, 'publish', topic)
    const declared = topics.declared(topic)
    const valid = validate(context, declared, topic, payload)
    const draft = createDraft(context, declared, valid, { user: identity.json })
    try {
      const receipt = receiptOf(await topics.feed(topic).log.append(draft))
      exchange.answer(201, jsonType, JSON.stringify(receipt))
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      throw fault('broker-failed', 'the broker does not answer')
    }
  }

  async function allow({ user }: Identity, action: 'subscribe' | 'publish', topic: string): Promise<void> {
    if (await authorize(context, user, action, topic)) return
    throw new HoldfastError('forbidden', `you may not ${action} to '${topic}'`)
  }
}

const statuses: Record<string, number> = {
  'bad-payload': 400,
  'bad-topic': 400,
  'bad-cursor': 400,
  'bad-data': 422,
  forbidden: 403,
  'too-large': 413,
  'topic-limit': 503,
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new HoldfastError('bad-topic', 'the address is not URL-encoded')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HoldfastError('bad-payload', 'the body is not JSON')
  }
}
