import type { IncomingMessage } from 'node:http'

/** Where a hub is mounted, without the slash at its end: '' for the root. Throws a TypeError where it is no path. */
export function mountOf(path: string): string {
  if (!path.startsWith('/') || /[?#]/.test(path)) throw new TypeError(`no path to mount at: '${path}'`)
  return withoutSlash(path)
}

/** A request's path, still encoded. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

export const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path)
