import { wireLimits } from './limits.ts'
import { utf8Length } from './payload.ts'

/** The wire name of a session's private inbox. */
export const inboxTopic = '$inbox'

// \p{Cc}: control characters.
const pattern = /^[^$\p{Cc}]\P{Cc}*$/u
const readable = /^(\$presence\/)?[^$\p{Cc}]\P{Cc}*$/u

/** What the name of a topic's presence begins with; the topic follows. */
export const presencePrefix = '$presence/'

/** The topic whose presence has this name; null where it is no such name. */
export const presenceOf = (name: string): string | null =>
  name.startsWith(presencePrefix) ? name.slice(presencePrefix.length) : null

/**
 * Why `name` cannot name a topic, or null if it can. Names that begin with `$` are the protocol's own.
 * @param isRead it is to be read only, as a topic's presence may be too
 */
export const topicNameFault = (name: unknown, isRead = false): string | null =>
  typeof name === 'string' && (isRead ? readable : pattern).test(name) && utf8Length(name) <= wireLimits.topicBytes
    ? null
    : `a topic name has 1 to ${wireLimits.topicBytes} bytes, no control characters and no '$' in front`
