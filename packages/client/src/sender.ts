import { encodePayload, HoldfastError, type PublishOptions, publishId } from '@holdfast/protocol'
import type { Clock } from './clock.ts'
import type { Abandon } from './outbox.ts'
import type { Session } from './session.ts'
import type { Report } from './streams.ts'

/** Sends a publish, and answers its entry's cursor; or a request, and answers the answer. */
export type Send = (
  kind: 'publish' | 'request',
  name: string,
  data: unknown,
  options: PublishOptions,
) => Promise<unknown>

/** Why a connection takes nothing more: closed, or failed with this error. */
export type Ended = () => HoldfastError | null

export const notSent = (code: string, message: string) => new HoldfastError(code, message, { outcome: 'not-sent' })

/** Turns publishes and requests into promises that tell the truth, whatever becomes of them. */
export function createSender(session: Session, clock: Clock, ended: Ended, report: Report): Send {
  return async (kind, name, data, { signal, timeoutMs, onSent }) => {
    const { json, encoding, bytes } = encodePayload(data)
    const end = ended()
    if (end) throw notSent(end.code, end.message)
    const { messageBytes } = session.limits
    if (bytes > messageBytes) throw notSent('too-large', `${bytes} bytes, the limit is ${messageBytes}`)
    if (signal?.aborted) throw notSent('aborted', 'it was aborted')

    const nameJson = JSON.stringify(`${name}`)
    const rest = `${nameJson},${json}${encoding ? `,"${encoding}"` : ''}`
    let abandon: Abandon = () => {}
    function sent(n: number): void {
      try {
        if (kind === 'publish') onSent?.(publishId(session.id, n))
      } catch (error) {
        report(error)
      }
    }
    const answer = new Promise((done, failed) => {
      abandon = session.outbox.add({ kind, rest, bytes: 1.34 * bytes + 3 * nameJson.length + 64, sent, done, failed })
    })
    const abort = () => abandon('aborted', 'it was aborted')
    const late = () => abandon('timeout', `no answer in ${timeoutMs} ms`)
    const timer = timeoutMs === undefined ? null : clock.setTimeout(late, timeoutMs)
    signal?.addEventListener('abort', abort)
    session.pump()
    try {
      return await answer
    } finally {
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }
}
