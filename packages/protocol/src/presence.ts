import type { From, Topic } from './topic.ts'

/** A session that is in a topic. */
export interface PresenceMember<Info = unknown> {
  /** What others may see of its user; null where nothing was declared. */
  readonly info: Info
  /** When it came, in ms since 1970. */
  readonly since: number
}

/** All who are in a topic, by the ids of their sessions. It replaces what was known before. */
export interface PresenceState<Info = unknown> {
  /** It rises with each change of the topic's presence. */
  readonly v: number
  readonly members: Readonly<Record<string, PresenceMember<Info>>>
}

/** A session came or left. */
export type PresenceStep<Info = unknown> =
  | ({ readonly v: number; readonly id: string; readonly here: true } & PresenceMember<Info>)
  | { readonly v: number; readonly id: string; readonly here: false }

/**
 * An entry of a topic's presence. Two may arrive in another order than they happened in, and one may come twice: of a
 * session counts what has the highest `v`, and nothing at or below the `v` of a state that came before.
 */
export type PresenceChange<Info = unknown> = PresenceState<Info> | PresenceStep<Info>

/** Who is in a topic, to read only: the snapshot is a `PresenceState`, and then comes each change. */
export interface PresenceTopic<Info = unknown>
  extends Omit<Topic<PresenceChange<Info>>, 'from' | 'publish' | 'next' | 'error' | 'complete'> {
  /** The same from another start. */
  from(start: From): PresenceTopic<Info>
}
