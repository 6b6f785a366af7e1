import type { Broker } from './broker/broker.ts'
import type { MaybePromise } from './broker/maybe-promise.ts'
import type { Clock } from './clock.ts'
import { userId } from './sessions/identity.ts'
import type { SessionHandle } from './sessions/session.ts'
import type { Credentials, History, HubLimits, HubTimes, Question, Settings } from './settings.ts'
import { historyDefaults, hubDefaults, hubLimits } from './settings.ts'

export interface HubOptions<User = unknown> extends Partial<HubTimes> {
  /** The user of a new link, a JSON value; throws to refuse. Absent: everyone is anonymous, the user is null. */
  authenticate?: (credentials: Credentials) => MaybePromise<User>
  /** Asked at every subscription, publish and request, again on every new link. Absent: all is refused. */
  authorize?: (question: Question<User>) => MaybePromise<boolean>
  /** Tells users apart. Default: the user itself where it is text or a number, its `id`, else all of it; null is anonymous. */
  userId?: (user: User) => string | null
  /** Origins of pages on other hosts that may connect, or a function that says so. Default: the hub's own host only. */
  origins?: readonly string[] | ((origin: string) => boolean)
  /** Of topics that no `hub.topics` declares otherwise. */
  history?: History
  limits?: Partial<HubLimits>
  /** Default: `memoryBroker()`. */
  broker?: Broker
  /** Once for each session, at the node where it began. */
  onSession?: (session: SessionHandle<User>) => unknown
  clock?: Clock
  /** Between 0 and 1; ids are drawn with it. */
  random?: () => number
}

export function fillSettings(options: HubOptions<never>): Settings {
  if (!options.authorize)
    console.warn('holdfast: no `authorize` given, so every subscription, publish and request is refused')
  const times = Object.fromEntries(
    Object.entries(hubDefaults).map(([name, value]) => [name, options[name as keyof HubTimes] ?? value]),
  ) as HubTimes
  return {
    ...times,
    limits: { ...hubLimits, ...options.limits },
    history: { ...historyDefaults, ...options.history },
    origins: options.origins ?? null,
    userId: (options.userId as ((user: unknown) => string | null) | undefined) ?? userId,
    authenticate: options.authenticate ?? null,
    authorize: (options.authorize as Settings['authorize']) ?? null,
    onSession: options.onSession ?? null,
  }
}
