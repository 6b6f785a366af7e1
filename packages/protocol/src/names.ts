import { wireLimits } from './limits.ts'
import { utf8Length } from './payload.ts'

/** The wire name of a session's private inbox. */
export const inboxTopic = '$inbox'

// \p{Cc}: control characters.
const pattern = /^[^$\p{Cc}]\P{Cc}*$/u

/** Why `name` cannot name a topic, or null if it can. Names that begin with `$` are the protocol's own. */
export const topicNameFault = (name: unknown): string | null =>
  typeof name === 'string' && pattern.test(name) && utf8Length(name) <= wireLimits.topicBytes
    ? null
    : `a topic name has 1 to ${wireLimits.topicBytes} bytes, no control characters and no '$' in front`
