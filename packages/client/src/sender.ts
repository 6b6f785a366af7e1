import {
  applySchema,
  encodePayload,
  HoldfastError,
  type PublishOptions,
  publishId,
  type StandardSchema,
} from '@holdfast/protocol'
import type { Clock } from './clock.ts'
import type { Session } from './session.ts'
import type { Report } from './streams.ts'

/** A topic, or a request's name. */
export interface Target {
  readonly name: string
  readonly schema?: StandardSchema | undefined
  /** Why nothing can be sent there. */
  readonly fault?: string | null
}

/** Sends a publish, and answers its receipt; or a request, and answers the answer. */
export type Send = (
  kind: 'publish' | 'request',
  target: Target,
  data: unknown,
  options: PublishOptions,
) => Promise<unknown>

/** Why a connection takes nothing more: closed, or failed with this error. */
export type Ended = () => HoldfastError | null

export const notSent = (code: string, message: string) => new HoldfastError(code, message, { outcome: 'not-sent' })

/** Turns publishes and requests into promises that tell the truth, whatever becomes of them. */
export function createSender(session: Session, clock: Clock, ended: Ended, report: Report): Send {
  const { outbox } = session

  const tellSent = (onSent: (id: string) => void) => (n: number) => {
    try {
      onSent(publishId(session.id, n))
    } catch (error) {
      report(error)
    }
  }

  /** Answers how to stop watching. */
  function watch({ signal, timeoutMs }: PublishOptions, giveUp: (code: string, message: string) => void): () => void {
    const abort = () => giveUp('aborted', 'it was aborted')
    const late = () => giveUp('timeout', `no answer in ${timeoutMs} ms`)
    signal?.addEventListener('abort', abort)
    const timer = timeoutMs === undefined ? null : clock.setTimeout(late, timeoutMs)
    return () => {
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }

  return (kind, { name, schema, fault }, data, options) =>
    // What throws in here rejects.
    new Promise((done, failed) => {
      const { signal, timeoutMs, onSent } = options
      if (fault) throw notSent('bad-topic', fault)
      const { json, encoding, bytes } = encodePayload(applySchema(schema, data, `'${name}'`, 'not-sent'))
      const end = ended()
      if (end) throw notSent(end.code, end.message)
      const { messageBytes } = session.limits
      if (bytes > messageBytes) throw notSent('too-large', `${bytes} bytes, the limit is ${messageBytes}`)
      if (signal?.aborted) throw notSent('aborted', 'it was aborted')

      const nameJson = JSON.stringify(`${name}`)
      const rest = `${nameJson},${json}${encoding ? `,"${encoding}"` : ''}`
      // Thousands may wait: each keeps no more than what was asked for.
      const sent = kind === 'publish' && onSent ? tellSent(onSent) : null
      const mayEnd = signal || timeoutMs !== undefined
      const unwatch = mayEnd ? watch(options, (code, message) => outbox.abandon(entry, code, message)) : null
      const entry = outbox.add(kind, rest, 1.34 * bytes + 3 * nameJson.length + 64, { done, failed, sent, unwatch })
      session.pump()
    })
}
