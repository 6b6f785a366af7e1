import type { Timing } from './options.ts'
import * as routes from './routes.ts'
import type { Loss } from './transports/transport.ts'

/** One use of a transport: a contender of a race first, then perhaps the carrier of the session. */
export interface Try {
  readonly id: string
  readonly name: string
  /** The link's number: rises with each try. */
  readonly link: number
  /** Tries of one round share a token. */
  readonly round: number
  readonly startedAt: number
  readonly proved: boolean
}

export interface Carrier extends Try {
  readonly since: number
}

export interface RaceInput {
  /** The usable transports, in order of preference. */
  readonly transports: readonly string[]
  readonly routes: routes.Routes
  readonly timing: Timing
  readonly now: () => number
  readonly random: () => number
  /** Whether the browser says that there is no network. */
  readonly isOffline: () => boolean
}

/**
 * What the machine knows: which tries should live (the shell opens and closes links to match), and what was learned. No
 * message, socket or callback of the data plane is ever in here.
 */
export interface Race extends RaceInput {
  readonly tries: number
  readonly round: number
  /** What this round has not started yet, in order. */
  readonly untried: readonly string[]
  readonly contenders: readonly Try[]
  readonly carrier: Carrier | null
  /** Lost while on trial; guilty only if the carrier outlives it. */
  readonly accused: string | null
  /** Losses and failed rounds since the connection was last stable. */
  readonly attempt: number
  /** Climbs that failed in a row. */
  readonly probes: number
  /** Tokens refused in a row. */
  readonly refusals: number
  /** How long the last carrier carried, until the next race is set; 0 for none. */
  readonly livedMs: number
  readonly retryMs: number
  readonly retryAt: number | null
  readonly drainMs: number
  readonly wasOnline: boolean
  readonly lastError: { readonly code: string; readonly message: string; readonly at: number } | null
}

type Change = Partial<Race>

export const startingRace = (input: RaceInput): Race => ({
  ...input,
  tries: 0,
  round: 0,
  untried: [],
  contenders: [],
  carrier: null,
  accused: null,
  attempt: 0,
  probes: 0,
  refusals: 0,
  livedMs: 0,
  retryMs: 0,
  retryAt: null,
  drainMs: 0,
  wasOnline: false,
  lastError: null,
})

export const contender = (race: Race, id: string): Try | undefined => race.contenders.find((one) => one.id === id)
export const isBest = (race: Race): boolean => race.carrier?.name === race.transports[0]
export const rank = (race: Race, name: string): number => race.transports.indexOf(name)
export const better = (race: Race): string[] =>
  routes.better(race.transports, race.carrier?.name, race.routes, race.now())

/** A new round: what is still being tried stays in it. */
export function planned(race: Race): Change {
  const running = new Set(race.contenders.map((one) => one.name))
  const order = routes.plan(race.transports, race.routes, race.now())
  return { round: race.round + 1, untried: order.filter((name) => !running.has(name)), retryAt: null }
}

/** Starts these, but never a second one beside one that is pending: a swallowed handshake blocks a browser's other tabs. */
export function started(race: Race, names: readonly string[]): Change {
  const contenders = [...race.contenders]
  let { tries } = race
  for (const name of names) {
    if (contenders.some((one) => one.name === name)) continue
    tries++
    const { round, now } = race
    contenders.push({ id: `${name}-${tries}`, name, link: tries, round, startedAt: now(), proved: false })
  }
  return { tries, contenders }
}

export const startedNext = (race: Race): Change => ({
  ...started(race, race.untried.slice(0, 1)),
  untried: race.untried.slice(1),
})

export const markedProved = (race: Race, id: string): Change => ({
  contenders: race.contenders.map((one) => (one.id === id ? { ...one, proved: true } : one)),
})

/** The winner carries from now on; better ones may still prove themselves, the others go. */
export function tookOver(race: Race, id: string | null): Change {
  const winner = id === null ? race.contenders.find((one) => one.proved) : contender(race, id)
  if (!winner) return {}
  const now = race.now()
  const contenders = race.contenders.filter((one) => one !== winner && rank(race, one.name) < rank(race, winner.name))
  return {
    carrier: { ...winner, proved: true, since: now },
    contenders,
    untried: [],
    accused: null,
    refusals: 0,
    retryAt: null,
    wasOnline: true,
    routes: routes.proved(race.routes, winner.name, now - winner.startedAt),
  }
}

const errorOf = (race: Race, { code, message }: Loss) => ({ lastError: { code, message, at: race.now() } })

export function lostContender(race: Race, id: string, loss: Loss): Change {
  const gone = contender(race, id)
  if (!gone) return {}
  return {
    contenders: race.contenders.filter((one) => one !== gone),
    accused: gone.proved ? gone.name : race.accused,
    routes: routes.setBack(race.routes, gone.name, loss.code),
    ...errorOf(race, loss),
  }
}

export const silence: Loss = { code: 'silent', message: 'the link gave no sign of life', action: 'retry' }

export function lostCarrier(race: Race, loss: Loss): Change {
  const { carrier } = race
  if (!carrier) return {}
  const livedMs = race.now() - carrier.since
  const quick = livedMs < race.timing.stableMs && loss.action === 'retry'
  return {
    carrier: null,
    accused: null,
    livedMs,
    routes: routes.lost(race.routes, carrier.name, loss.code, quick),
    ...errorOf(race, loss),
  }
}

/** What was lost on trial has been outlived by the carrier: that is a flap. */
export const convicted = (race: Race): Change =>
  race.accused === null
    ? {}
    : { accused: null, routes: routes.flapped(race.routes, race.accused, race.now(), race.timing) }

/** Steady for a while: the past is forgotten. */
export const settled = (race: Race): Change => ({
  attempt: 0,
  routes: race.carrier ? routes.held(race.routes, race.carrier.name) : race.routes,
})

/**
 * When the next round begins: at once after a link that had worked for a moment, then full jitter under a growing cap, and
 * never before the hub's word.
 */
export function countedDown(race: Race, loss: Loss | null): Change {
  const { timing, attempt, random, livedMs } = race
  const jitteredMs = random() * Math.min(timing.backoffCapMs, timing.backoffMs * 2 ** attempt)
  // Another session, node or token that the hub asks for is no failure of the network, unless it goes on and on.
  const asked = loss !== null && loss.action !== 'retry' && attempt < 3
  const soon = asked || livedMs >= 1000 || (livedMs > 0 && attempt === 0)
  const retryMs = loss?.delayMs ? loss.delayMs + jitteredMs : soon ? random() * timing.firstRetryMs : jitteredMs
  const refusals = loss?.action === 'authenticate' ? race.refusals + 1 : race.refusals
  return { attempt: attempt + 1, refusals, livedMs: 0, retryMs, retryAt: race.now() + retryMs }
}
