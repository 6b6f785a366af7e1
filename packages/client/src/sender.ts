import { type Cursor, type EncodedPayload, HoldfastError, type PublishOptions } from '@holdfast/protocol'
import type { Clock } from './options.ts'
import type { Session } from './session.ts'

export const requestTimeoutMs = 30_000

/** A publish answers the cursor of its entry. */
export type Send = (kind: 'publish', topic: string, payload: EncodedPayload, options: PublishOptions) => Promise<Cursor>
export type Request = (name: string, payload: EncodedPayload, options: PublishOptions) => Promise<unknown>

export interface SenderDeps {
  readonly session: Session
  readonly clock: Clock
  /** Why nothing can be sent any more, or null. */
  ended(): { error: HoldfastError | null } | null
}

/** Turns publishes and requests into promises that tell the truth, whatever becomes of them. */
export function createSender({ session, clock, ended }: SenderDeps): { send: Send; request: Request } {
  const { outbox, inbox } = session

  function start<R>(
    kind: 'publish' | 'request',
    name: string,
    payload: EncodedPayload,
    { signal, timeoutMs }: PublishOptions,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const end = ended()
      const notSent = (code: string, message: string) =>
        reject(new HoldfastError(code, message, { outcome: 'not-sent' }))
      if (end) return notSent(end.error?.code ?? 'closed', end.error?.message ?? 'the connection is closed')
      if (signal?.aborted) return notSent('aborted', 'it was aborted')
      const { messageBytes } = session.limits
      if (payload.bytes > messageBytes) {
        return notSent('too-large', `the message has ${payload.bytes} bytes, the limit is ${messageBytes}`)
      }

      const timer =
        timeoutMs === undefined
          ? null
          : clock.setTimeout(() => giveUp('timeout', `no answer in ${timeoutMs} ms`), timeoutMs)
      const abort = () => giveUp('aborted', 'it was aborted')
      signal?.addEventListener('abort', abort)
      const release = () => {
        clock.clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
      const succeed = (value: unknown) => {
        release()
        resolve(value as R)
      }
      const fail = (error: HoldfastError) => {
        release()
        inbox.forget(ticket.n)
        reject(error)
      }
      function giveUp(code: string, message: string): void {
        ticket.abandon(code, message)
        // A request whose receipt has come waits for its answer alone.
        fail(new HoldfastError(code, message, { outcome: ticket.n === 0 ? 'not-sent' : 'unknown' }))
      }

      const encoding = payload.encoding ? `,"${payload.encoding}"` : ''
      const topic = JSON.stringify(name)
      const ticket = outbox.add({
        kind,
        rest: `${topic},${payload.json}${encoding}`,
        bytes: (payload.encoding ? payload.json.length : payload.bytes) + 3 * topic.length + 64,
        handed: (n) => kind === 'request' && inbox.expect(n, { resolve: succeed, reject: fail }),
        accepted: (cursor) => kind === 'publish' && succeed(cursor),
        failed: (error) => queueMicrotask(() => fail(error)),
      })
      session.pump()
    })
  }

  return {
    send: (kind, topic, payload, options) => start(kind, topic, payload, options),
    request: (name, payload, options) => start('request', name, payload, { timeoutMs: requestTimeoutMs, ...options }),
  }
}
