import type { IncomingMessage } from 'node:http'

/** A request's headers by their names in lower case, each as one text. */
export function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  const { 'set-cookie': cookies } = headers
  // The only one that Node gives as a list.
  if (cookies !== undefined) return { ...headers, 'set-cookie': cookies.join(', ') } as Record<string, string>
  return headers as Record<string, string | undefined>
}
