import type { IncomingMessage } from 'node:http'

/** Where a hub is mounted, without the slash at its end: '' for the root. Throws a TypeError where it is no path. */
export function mountOf(path: string): string {
  if (!path.startsWith('/') || /[?#]/.test(path)) throw new TypeError(`no path to mount at: '${path}'`)
  return withoutSlash(path)
}

/** A request's path, still encoded. A target may be a whole address (RFC 9112, 3.2.2). */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '')
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}

export const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path)
