import type { Settings } from '../settings.ts'

/** What a request says of where it comes from; header names in lower case. */
export interface Provenance {
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** Whether a page of this origin may speak with the hub: the same host, or one that the options name. No origin: a program. */
export function originAllowed({ origins }: Settings, { headers }: Provenance): boolean {
  const { origin, host } = headers
  if (origin === undefined) return true
  if (hostOf(origin) === host?.toLowerCase() && host !== undefined) return true
  if (typeof origins === 'function') return origins(origin)
  return origins?.includes(origin) ?? false
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host
  } catch {
    return null
  }
}
