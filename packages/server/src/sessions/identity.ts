import type { Context } from '../context.ts'
import { hash } from './secret.ts'

/** Who a session belongs to, as it passes the broker. */
export interface Identity {
  readonly user: unknown
  readonly json: string
  /** Tells users apart; null for the anonymous. */
  readonly key: string | null
}

/** Throws where the user is not JSON. */
export function identify(context: Context, user: unknown): Identity {
  // One text for all the anonymous.
  const json = user === null || user === undefined ? 'null' : JSON.stringify(user)
  if (json === undefined) throw new TypeError('a user must be a JSON value')
  return { user: user ?? null, json, key: context.settings.userId(user ?? null) }
}

/** The default `userId`: the user itself where it is text or a number, its `id`, else all of it. */
export function userId(user: unknown): string | null {
  if (user === null || user === undefined) return null
  if (typeof user !== 'object') return String(user)
  const { id } = user as { id?: unknown }
  return typeof id === 'string' || typeof id === 'number' ? String(id) : JSON.stringify(user)
}

/** The welcome's `user`. */
export const userMark = (key: string | null): string => (key === null ? '' : hash(`user ${key}`).slice(0, 22))

/** What the broker keeps of a session. */
export interface SessionRecord {
  readonly secret: string
  readonly user: string
  /** Why it is over. */
  readonly ended?: { code: string; message: string }
}
