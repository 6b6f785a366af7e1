import type { From, Topic } from './topic.ts'

/** A session that is in a topic. */
export interface PresenceMember<Info = unknown> {
  /** What others may see of its user; null where nothing was declared. */
  readonly info: Info
  /** When it came, in ms since 1970. */
  readonly since: number
}

/** All who are in a topic, by the ids of their sessions. As a snapshot it replaces all that was known. */
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
 * An entry of a topic's presence. Two may arrive in another order than they happened in, and one may come twice: of each
 * session counts what was said with the highest `v`, and a state speaks of all, those that it does not name being gone.
 */
export type PresenceChange<Info = unknown> = PresenceState<Info> | PresenceStep<Info>

/** Who is in a topic, to read only: the snapshot is a `PresenceState`, and then comes each change. */
export interface PresenceTopic<Info = unknown>
  extends Omit<Topic<PresenceChange<Info>>, 'from' | 'publish' | 'next' | 'error' | 'complete'> {
  /** The same from another start. */
  from(start: From): PresenceTopic<Info>
}
