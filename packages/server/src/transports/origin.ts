import type { Context } from '../context.ts'

/** What a request says of where it comes from; header names in lower case. */
export interface Provenance {
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** Whether a page of this origin may speak with the hub: the same host, or one that the options name. No origin: a program. */
export function originAllowed(context: Pick<Context, 'settings' | 'report'>, { headers }: Provenance): boolean {
  // HTTP/2 has no `host`.
  const { origin, ':authority': authority, host = authority } = headers
  if (origin === undefined) return true
  if (hostOf(origin) === host?.toLowerCase() && host !== undefined) return true
  const { origins } = context.settings
  if (typeof origins !== 'function') return origins?.includes(origin) ?? false
  try {
    return origins(origin)
  } catch (error) {
    context.report('hook-failed', 'origins failed', error)
    return false
  }
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host
  } catch {
    return null
  }
}
