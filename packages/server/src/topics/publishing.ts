import type { EncodedPayload, Encoding } from '@holdfast/protocol'
import { applySchema, encodeJson, encodePayload, fromBase64, HoldfastError, utf8Length } from '@holdfast/protocol'
import type { Draft } from '../broker/broker.ts'
import type { Context } from '../context.ts'
import type { Declared } from './declarations.ts'

/** A payload as a client sent it. Throws `bad-payload`, `too-large`. */
export function readPayload(context: Context, data: unknown, encoding: Encoding | undefined): EncodedPayload {
  return checkSize(context, encoding ? binary(data) : parsed(data))
}

/** What a client sent, for those who are to have it as it is. */
export const readValue = (data: unknown, encoding: Encoding | undefined): unknown =>
  encoding ? fromBase64(data as string) : data

/** A payload that the hub's own user gave. Throws `bad-payload`, `too-large`. */
export const givePayload = (context: Context, value: unknown): EncodedPayload =>
  checkSize(context, value instanceof Uint8Array ? encodePayload(value) : new JsonPayload(encodeJson(value)))

/** What the topic's schema makes of a publish of a client. Throws `bad-data`. */
export function validate(context: Context, declared: Declared, topic: string, payload: EncodedPayload): EncodedPayload {
  if (!declared.schema) return payload
  const what = `'${topic}'`
  const value = payloadValue(payload)
  const made = check(context, what, () => applySchema(declared.schema, value, what))
  // It may have changed what it hands back. Where that is what came, and is nested too deeply, it is the client's mistake.
  return made === value ? encodePayload(made) : check(context, what, () => encodePayload(made))
}

/** Runs a schema over what a client sent: what it refuses is the client's mistake, what it fails at the hub's. Throws `bad-data`. */
export function check<T>(context: Context, what: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    const known = error as HoldfastError
    if (known.code === 'bad-data' && !known.cause) throw known
    context.report('hook-failed', `the schema of ${what} failed`, known.cause ?? known)
    throw new HoldfastError('bad-data', `${what}: it could not be checked`)
  }
}

/** The entry of a publish. Throws where the topic's `conflate` does. */
export function createDraft(
  context: Context,
  declared: Declared,
  payload: EncodedPayload,
  by: { id?: string; user?: string } = {},
): Draft {
  const { json, encoding } = payload
  const { id } = by
  // Of the anonymous an entry says nothing, which nobody has to read.
  const user = by.user === 'null' ? undefined : by.user
  return { time: context.clock.now(), data: json, encoding, id, key: keyOf(context, declared, payload), user }
}

function keyOf(context: Context, { conflate }: Declared, payload: EncodedPayload): string | undefined {
  try {
    return conflate?.(payloadValue(payload))
  } catch (error) {
    context.report('hook-failed', 'a conflate function failed', error)
    throw new HoldfastError('bad-data', 'the message has no key')
  }
}

export const payloadValue = ({ json: text, encoding }: EncodedPayload): unknown =>
  encoding ? fromBase64(JSON.parse(text)) : JSON.parse(text)

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** What JSON brought is JSON; but a number that was too great for it would be told as null. */
function parsed(data: unknown): EncodedPayload {
  try {
    const json = JSON.stringify(data)
    if (!json.includes('null')) return new JsonPayload(json)
  } catch {
    // Nested too deeply.
  }
  return new JsonPayload(encodeJson(data))
}

function binary(data: unknown): EncodedPayload {
  if (typeof data !== 'string' || !base64.test(data)) throw new HoldfastError('bad-payload', 'not base64')
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  return { json: `"${data}"`, encoding: 'base64', bytes: (data.length / 4) * 3 - padding }
}

function checkSize(context: Context, payload: EncodedPayload): EncodedPayload {
  const limit = context.settings.limits.messageBytes
  // No character takes more than 3 bytes: most need not be counted.
  if (3 * payload.json.length <= limit || payload.bytes <= limit) return payload
  throw new HoldfastError('too-large', `the message has ${payload.bytes} bytes, the limit is ${limit}`)
}

/** Its bytes are counted where somebody asks. */
class JsonPayload implements EncodedPayload {
  readonly json: string
  readonly encoding = undefined

  constructor(json: string) {
    this.json = json
  }

  get bytes(): number {
    return utf8Length(this.json)
  }
}
