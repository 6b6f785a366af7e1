import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { BrokerError } from './broker.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { rescue } from './maybe-promise.ts'

/**
 * Repeats what the broker may or may not have done until it has said so. A certain failure is thrown as it is;
 * when nothing helps, the link ends with `broker-failed`, and the client sends again.
 */
export const settle = <T>(context: Context, attempt: () => MaybePromise<T>): MaybePromise<T> =>
  rescue(attempt, (error) => repeat(context, attempt, error))

async function repeat<T>(context: Context, attempt: () => MaybePromise<T>, first: unknown): Promise<T> {
  const { brokerRetries, brokerRetryMs } = context.settings
  let error = first
  for (let tried = 0; ; tried++) {
    if (error instanceof BrokerError && error.certain) throw error
    if (tried >= brokerRetries) {
      context.report('broker-failed', 'the broker does not answer', error)
      throw fault('broker-failed', 'the broker does not answer')
    }
    await context.timers.pause(brokerRetryMs * 2 ** tried)
    try {
      return await attempt()
    } catch (again) {
      error = again
    }
  }
}
