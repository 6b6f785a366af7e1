import { wireLimits } from './limits.ts'
import { utf8Length } from './payload.ts'

/** The wire name of a session's private inbox. */
export const inboxTopic = '$inbox'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a name must not have
const control = /[\u0000-\u001f\u007f-\u009f]/

/** Why `name` cannot name a topic, or null if it can. Names that begin with `$` are the protocol's own. */
export function topicNameFault(name: unknown): string | null {
  if (typeof name !== 'string') return 'a topic name is a string'
  if (name === '') return 'a topic name has at least 1 byte'
  if (utf8Length(name) > wireLimits.topicBytes) return `a topic name has at most ${wireLimits.topicBytes} bytes`
  if (control.test(name)) return 'a topic name has no control characters'
  if (name.startsWith('$')) return "topic names that begin with '$' are reserved"
  return null
}
