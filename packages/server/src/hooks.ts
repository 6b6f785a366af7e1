import { HoldfastError, presenceOf } from '@holdfast/protocol'
import type { MaybePromise } from './broker/maybe-promise.ts'
import { after, rescue } from './broker/maybe-promise.ts'
import type { Context } from './context.ts'
import { fault, faultOf } from './faults.ts'
import type { Action, Credentials } from './settings.ts'

/** The user of a new link. Throws a fault; what the hook throws without a code of a close means `unauthenticated`. */
export async function authenticate(context: Context, credentials: Credentials): Promise<unknown> {
  const hook = context.settings.authenticate
  if (!hook) return null
  try {
    return (await hook(credentials)) ?? null
  } catch (error) {
    if (faultOf(error)) throw error
    if (isBug(error)) context.report('hook-failed', 'authenticate failed', error)
    throw fault('unauthenticated', error instanceof HoldfastError ? error.message : 'the token was not accepted')
  }
}

/** Whether the user may. A hook that throws, and one that is absent, forbids. Who may hear a topic may see who is there. */
export function authorize(context: Context, user: unknown, action: Action, name: string): MaybePromise<boolean> {
  const hook = context.settings.authorize
  const of = action === 'request' ? null : presenceOf(name)
  if (!hook || (of !== null && action === 'publish')) return false
  const topic = of ?? name
  const failed = (error: unknown) => {
    context.report('hook-failed', `authorize failed at '${action}' of '${topic}'`, error)
    return false
  }
  return after(
    rescue(() => hook({ user, topic, action }), failed),
    (allowed) => allowed === true,
  )
}

// To throw is how `authenticate` refuses; these are thrown by mistakes in it.
const isBug = (error: unknown): boolean => error instanceof TypeError || error instanceof ReferenceError
