import type { RequestDefinition } from '@holdfast/protocol'
import { answerId, applySchema, HoldfastError } from '@holdfast/protocol'
import type { Draft } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import { after, isPromise, rescue } from '../broker/maybe-promise.ts'
import { settle } from '../broker/retry.ts'
import type { Context } from '../context.ts'
import { check, givePayload } from '../topics/publishing.ts'
import type { SessionHandle, SessionIdentity } from './session.ts'

/** What a handler is given. `signal` aborts when the hub closes. */
export interface RequestContext<User = unknown, Data = unknown> {
  readonly name: string
  readonly data: Data
  readonly user: User
  readonly session: SessionHandle
  readonly signal: AbortSignal
}

export type RequestHandler<User = unknown, Data = unknown, Answer = unknown> = (
  request: RequestContext<User, Data>,
) => MaybePromise<Answer>

export interface Requests {
  handle(request: RequestDefinition, handler: RequestHandler<never, never>): () => void
  /** Throws `unknown-request`, `queue-full`. */
  check(session: SessionIdentity, name: string): void
  /** Starts the handler and does not wait for it; its answer goes to the session's inbox. */
  start(session: SessionIdentity, number: number, name: string, data: unknown): void
  /** Resolves when no handler runs and every answer is in its inbox. */
  idle(): Promise<unknown>
  close(): void
}

export function createRequests(context: Context): Requests {
  const handlers = new Map<string, RequestDefinition & { handler: RequestHandler }>()
  const running = new Map<string, number>()
  const runs = new Set<Promise<unknown>>()
  const ending = new AbortController()

  return {
    handle(request, handler) {
      const { name } = request
      if (handlers.has(name)) throw new Error(`'${name}' has a handler already`)
      const handled = { ...request, handler: handler as RequestHandler }
      handlers.set(name, handled)
      return () => {
        if (handlers.get(name) === handled) handlers.delete(name)
      }
    },
    check({ id }, name) {
      if (!handlers.has(name)) throw new HoldfastError('unknown-request', `nobody handles '${name.slice(0, 200)}'`)
      const most = context.settings.limits.requests
      if ((running.get(id) ?? 0) >= most) throw new HoldfastError('queue-full', `${most} requests are running`)
    },
    start(session, number, name, data) {
      const { id } = session
      const failed = (error: unknown) => context.report('broker-failed', `the answer to '${name}' was lost`, error)
      const handled = rescue(() => run(session, number, name, data), failed)
      if (!isPromise(handled)) return
      running.set(id, (running.get(id) ?? 0) + 1)
      runs.add(handled)
      void handled.then(() => {
        runs.delete(handled)
        const left = (running.get(id) ?? 1) - 1
        if (left === 0) running.delete(id)
        else running.set(id, left)
      })
    },
    idle: () => Promise.all(runs),
    close: () => ending.abort(),
  }

  function run(session: SessionIdentity, number: number, name: string, given: unknown): MaybePromise<unknown> {
    const what = `'${name}'`
    const answer = rescue(
      () => {
        const { handler, input, output } = handlers.get(name) as NonNullable<ReturnType<typeof handlers.get>>
        const data = check(context, what, () => applySchema(input, given, what))
        const { user, handle } = session
        const result = handler({ name, data, user, session: handle, signal: ending.signal })
        return after(result, (value) => draft(answerId(number, false), checkAnswer(output, value, what) ?? null))
      },
      (error) => draft(answerId(number, true), describe(name, error)),
    )
    return after(answer, (entry) => settle(context, () => session.inbox().log.append(entry)))
  }

  function draft(id: string, answer: unknown): Draft {
    const { json, encoding } = givePayload(context, answer)
    return { time: context.clock.now(), data: json, encoding, id }
  }

  /** An answer that does not fit is the handler's failure, and nothing that its caller could mend. */
  function checkAnswer(schema: RequestDefinition['output'], result: unknown, what: string): unknown {
    try {
      return applySchema(schema, result, what)
    } catch (cause) {
      throw new TypeError('the answer does not fit', { cause })
    }
  }

  function describe(name: string, error: unknown): [code: string, message: string] {
    if (error instanceof HoldfastError) return [error.code, error.message]
    context.report('handler-failed', `the handler of '${name}' failed`, error)
    return ['handler-failed', 'the handler failed']
  }
}
