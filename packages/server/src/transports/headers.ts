import type { IncomingMessage } from 'node:http'

/** A request's headers by their names in lower case, each as one text. */
export function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  const plain: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(headers)) plain[name] = Array.isArray(value) ? value.join(', ') : value
  return plain
}
