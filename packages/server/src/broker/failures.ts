import { HoldfastError } from '@holdfast/protocol'
import type { Broker } from './broker.ts'
import { BrokerError } from './broker.ts'
import { isPromise } from './maybe-promise.ts'

/** The same broker, whose every failure is a `BrokerError`: what says nothing else leaves open whether it was applied. */
export function nameFailures(broker: Broker): Broker {
  return {
    ...named(broker, ['send', 'listen', 'close']),
    sessions: named(broker.sessions, ['create', 'get', 'replace', 'touch', 'received', 'record', 'forget']),
    log: (name, options) =>
      named(broker.log(name, options), ['state', 'read', 'append', 'tail', 'trim', 'remove']) as ReturnType<
        Broker['log']
      >,
  }
}

/** What someone is told who wanted something appended. */
export const publishFailure = (what: string, cause: unknown): HoldfastError =>
  new HoldfastError('broker-failed', `${what} failed`, {
    outcome: cause instanceof BrokerError && cause.certain ? 'rejected' : 'unknown',
    cause,
  })

function named<T extends object>(target: T, operations: readonly (keyof T & string)[]): T {
  const all = operations.map((operation) => {
    const perform = target[operation] as (...given: unknown[]) => unknown
    const failed = (cause: unknown): never => {
      if (cause instanceof HoldfastError) throw cause
      throw new BrokerError(`the broker failed at '${operation}': ${cause}`, { certain: false, cause })
    }
    return [
      operation,
      (...given: unknown[]) => {
        try {
          const result = perform.apply(target, given)
          return isPromise(result) ? result.catch(failed) : result
        } catch (error) {
          return failed(error)
        }
      },
    ]
  })
  return { ...target, ...Object.fromEntries(all) }
}
