import type { Log } from '@holdfast/server'

/** The same log, doing some things in another way. */
export const logWith = (log: Log, own: Partial<Log>): Log => ({
  state: (last) => log.state(last),
  read: (after, limits) => log.read(after, limits),
  append: (draft, producer) => log.append(draft, producer),
  tail: (listener) => log.tail(listener),
  trim: (position) => log.trim(position),
  remove: () => log.remove(),
  ...own,
})
