import type { Timing } from './options.ts'
import * as routes from './routes.ts'
import type { Loss } from './transports/transport.ts'

/** One use of a transport: a contender of a race first, then perhaps the carrier of the session. */
export interface Try {
  readonly id: string
  readonly name: string
  /** The link's number. The hub ends those below the one that is used: later rounds are above, and in a round the better. */
  readonly link: number
  /** Tries of one round share a token. */
  readonly round: number
  readonly startedAt: number
  readonly proved: boolean
}

export interface Carrier extends Try {
  readonly since: number
  /** A ping was answered on it: it carries, and not the welcome alone. */
  readonly answered: boolean
}

export interface RaceInput {
  /** The usable transports, in order of preference. */
  readonly transports: readonly string[]
  /** Why the most preferred transport of all cannot exist here; null if it can. */
  readonly missing: string | null
  readonly routes: routes.Routes
  readonly timing: Timing
  readonly now: () => number
  readonly random: () => number
  /** Whether the browser says that there is no network. */
  readonly isOffline: () => boolean
  /** Asks this contender, or else the carrier, for a quick sign of life. */
  readonly prove: (id?: string) => void
}

/**
 * What the machine knows: which tries should live (the shell opens and closes links to match), and what was learned. No
 * message, socket or callback of the data plane is ever in here.
 */
export interface Race extends RaceInput {
  readonly round: number
  /** What this round has not started yet, in order. */
  readonly untried: readonly string[]
  readonly contenders: readonly Try[]
  readonly carrier: Carrier | null
  /** Losses and failed rounds since the connection was last stable. */
  readonly attempt: number
  /** When the first of them was. */
  readonly since: number
  /** Climbs that failed in a row, links that fell silent after theirs included. */
  readonly probes: number
  /** Tokens refused in a row. */
  readonly refusals: number
  /** How often the hub has asked for another session, node or token since the connection was last stable. */
  readonly asks: number
  /** How long the last carrier carried, until the next race is set; 0 for none. */
  readonly livedMs: number
  readonly retryAt: number | null
  readonly drainMs: number
  readonly wasOnline: boolean
  readonly lastError: { readonly code: string; readonly message: string; readonly at: number } | null
}

type Change = Partial<Race>

export const startingRace = (input: RaceInput): Race => ({
  ...input,
  round: 0,
  untried: [],
  contenders: [],
  carrier: null,
  attempt: 0,
  since: 0,
  probes: 0,
  refusals: 0,
  asks: 0,
  livedMs: 0,
  retryAt: null,
  drainMs: 0,
  wasOnline: false,
  lastError: null,
})

export const contender = (race: Race, id: string | undefined): Try | undefined =>
  race.contenders.find((one) => one.id === id)
export const provedOne = (race: Race): Try | undefined => race.contenders.find((one) => one.proved)
export const isBest = (race: Race): boolean => race.carrier?.name === race.transports[0]
export const isBetter = ({ transports }: Race, name: string, than: string): boolean =>
  transports.indexOf(name) < transports.indexOf(than)

/** A new round: what is still being tried stays in it. */
export function planned(race: Race): Change {
  const { carrier } = race
  const order = routes.plan(race.transports, race.routes, carrier?.answered ? undefined : carrier?.name)
  const untried = order.filter((name) => !race.contenders.some((one) => one.name === name))
  return { round: race.round + 1, untried, retryAt: null }
}

/** Starts these, but never a second one beside one that is pending: a swallowed handshake blocks a browser's other tabs. */
function started(race: Race, names: readonly string[], round: number): Change {
  const { now, transports, contenders, untried } = race
  const fresh = names.filter((name) => !contenders.some((one) => one.name === name))
  const tries = fresh.map((name): Try => {
    const link = (round + 1) * transports.length - transports.indexOf(name)
    return { id: `${name}-${link}`, name, link, round, startedAt: now(), proved: false }
  })
  return { round, contenders: [...contenders, ...tries], untried: untried.filter((name) => !names.includes(name)) }
}

export const startedNext = (race: Race): Change => started(race, race.untried.slice(0, 1), race.round)

/** Tries what is better than the carrier. */
export const startedBetter = (race: Race): Change => ({
  ...started(race, race.transports.slice(0, race.transports.indexOf(race.carrier?.name ?? '')), race.round + 1),
  retryAt: null,
})

export const markedProved = (race: Race, id: string | undefined): Change => ({
  contenders: race.contenders.map((one) => (one.id === id ? { ...one, proved: true } : one)),
})

/** This contender, or else the one that has proved itself, carries from now on; better ones stay in the race. */
export function tookOver(race: Race, id: string | undefined): Change {
  const winner = contender(race, id) ?? provedOne(race)
  if (!winner) return {}
  const now = race.now()
  const carrier = { ...winner, proved: true, since: now, answered: false }
  const better = race.contenders.filter((one) => isBetter(race, one.name, winner.name))
  // What was begun in an earlier round is below the winner, and the hub will end it: it begins anew.
  const contenders = better.filter((one) => one.link > winner.link)
  const names = better.map((one) => one.name)
  return {
    ...started({ ...race, contenders }, names, race.round + 1),
    carrier,
    untried: [],
    retryAt: null,
    refusals: 0,
    probes: winner.name === race.transports[0] ? 0 : race.probes,
    wasOnline: true,
    routes: routes.learned(race.routes, winner.name, { provedMs: now - winner.startedAt }),
  }
}

export const errorOf = ({ now }: Race, { code, message }: Loss): Race['lastError'] => ({ code, message, at: now() })

/** A contender is lost, or else the carrier. */
export function lost(race: Race, id: string | undefined, loss: Loss): Change {
  const { carrier, contenders } = race
  const now = race.now()
  const lastError = errorOf(race, loss)
  const gone = contender(race, id)
  if (gone) {
    return {
      contenders: contenders.filter((one) => one !== gone),
      routes: routes.setBack(race.routes, gone.name, loss.code),
      lastError,
    }
  }
  if (!carrier) return {}
  const livedMs = now - carrier.since
  const quick = (livedMs < race.timing.stableMs || !carrier.answered) && loss.action === 'retry'
  // Those who still try have named a session that is given up.
  const left = loss.action === 'renew' ? [] : contenders
  const known = routes.lost(race.routes, carrier, loss.code, quick)
  return { carrier: null, contenders: left, livedMs, routes: known, lastError }
}

/** The carrier stays silent. Had it come by a climb, that climb has failed. */
export const gaveUp = (race: Race, _id: string | undefined, loss: Loss): Change => ({
  ...lost(race, undefined, loss),
  probes: race.probes + 1,
})

/** The hub said stop; or it refused a token for the second time. */
export function isFatal(race: Race, id: string | undefined, { action }: Loss): boolean {
  const one = race.carrier ?? contender(race, id)
  return one?.id === id && (action === 'stop' || (action === 'authenticate' && race.refusals > 0))
}

/** Nothing else is being tried, or the hub itself said no: another transport would hear the same. */
export function endsRace(race: Race, id: string | undefined, { action, delayMs }: Loss): boolean {
  const isLast = race.contenders.length === 1 && race.untried.length === 0
  return contender(race, id) !== undefined && (isLast || action !== 'retry' || delayMs !== undefined)
}

/** Steady for a while: the past is forgotten, unless it never answered. */
export function settled({ carrier, routes: known }: Race): Change {
  if (!carrier?.answered) return {}
  return {
    attempt: 0,
    asks: 0,
    routes: routes.learned(known, carrier.name, { setback: null, quickLosses: 0 }, carrier.name),
  }
}

const maxDelayMs = 86_400_000

/**
 * When the next round begins: at once after a link that had worked for a moment, then full jitter under a growing cap, at most
 * twice as long as the trouble has lasted: who was away for two seconds is back within four more. Never before the hub's word.
 */
export function countedDown(race: Race, _id: string | undefined, loss: Loss): Change {
  const { timing, attempt, random, livedMs } = race
  const now = race.now()
  const since = attempt > 0 ? race.since : now
  const mostMs = 2 * Math.max(timing.backoffMs, now - since)
  const jitteredMs = random() * Math.min(timing.backoffCapMs, timing.backoffMs * 2 ** attempt, mostMs)
  // Another session, node or token that the hub asks for is no failure of the network, unless it goes on and on.
  const isAsked = loss.action !== 'retry'
  const soon = (isAsked && race.asks < 3) || livedMs >= 1000 || (livedMs > 0 && attempt === 0)
  // Not what is no time at all, nor longer than a timer can be set.
  const delayMs = Math.min(Number(loss.delayMs) || 0, maxDelayMs)
  const retryMs = delayMs > 0 ? delayMs + jitteredMs : soon ? random() * timing.firstRetryMs : jitteredMs
  const refusals = loss.action === 'authenticate' ? race.refusals + 1 : race.refusals
  const asks = isAsked ? race.asks + 1 : race.asks
  return { attempt: attempt + 1, since, refusals, asks, livedMs: 0, retryAt: now + retryMs }
}

/** When a better transport is tried: after a pause that grows with each climb that failed. */
export const pausedClimb = ({ timing, probes, random, now }: Race): Change => ({
  retryAt: now() + Math.min(timing.probeCapMs, timing.probeMs * 2 ** probes) * (0.8 + 0.4 * random()),
})

/** What the first one is given before the next one starts: a little over what it took to prove itself last, within bounds. */
export function headStart({ contenders, routes: known, timing: { headStartMs } }: Race): number {
  const { provedMs } = routes.routeOf(known, contenders[0]?.name)
  return Math.min(Math.max(headStartMs, 1.25 * (provedMs ?? 0)), 3 * headStartMs)
}
