import { assign } from 'xstate'
import type { Timing } from './options.ts'
import {
  contender,
  countedDown,
  endsRace,
  errorOf,
  gaveUp,
  headStart,
  isBest,
  isFatal,
  lost,
  markedProved,
  pausedClimb,
  planned,
  provedOne,
  type Race,
  type RaceInput,
  settled,
  startedBetter,
  startedNext,
  tookOver,
} from './race.ts'
import { isDoubted } from './routes.ts'
import { type Loss, networkLoss } from './transports/transport.ts'

export type MachineEvent =
  | { type: 'connect' }
  | { type: 'reconnect' }
  | { type: 'close'; drainMs: number }
  | { type: 'drained' }
  | { type: 'try.proved'; id: string }
  | { type: 'try.lost'; id: string; loss: Loss }
  | { type: 'try.troubled'; id: string; loss: Loss }
  | { type: 'try.answered'; id: string }
  | { type: 'link.suspect' }
  | { type: 'link.trusted' }
  /** Another network, perhaps: what did not work may work now. */
  | { type: 'network.hint' }
  | { type: 'network.offline' }
  | { type: 'page.hide' }
  | { type: 'page.show' }
  | { type: 'page.wake' }

/** How long a goodbye may take that has to go in a POST. */
const goodbyeMs = 1_000

type Facts = readonly [race: Race, id: string | undefined, loss: Loss]

/** What changes and guards look at: what is known, whom the event is about, and why that one was lost. */
function factsOf({ context, event }: { context: Race; event: MachineEvent }): Facts {
  const { id, loss = networkLoss('silent', 'no sign of life') } = event as { id?: string; loss?: Loss }
  return [context, id, loss]
}

const change = (by: (...facts: Facts) => Partial<Race>) =>
  assign<Race, MachineEvent, unknown, MachineEvent, never>((args) => by(...factsOf(args)))

const when =
  (test: (...facts: Facts) => boolean) =>
  (args: { context: Race; event: MachineEvent }): boolean =>
    test(...factsOf(args))

const nothingTried: Partial<Race> = { contenders: [], untried: [], retryAt: null }

/** What transitions do. */
export const actions = {
  prove: ({ context }: { context: Race }) => context.prove(),
  ask: ({ context }: { context: Race }) => context.prove(provedOne(context)?.id),
  plan: change(planned),
  startNext: change(startedNext),
  startBetter: change(startedBetter),
  markProved: change(markedProved),
  takeOver: change(tookOver),
  lose: change(lost),
  loseProved: change((race, _id, loss) => lost(race, provedOne(race)?.id, loss)),
  giveUp: change(gaveUp),
  trust: change(({ carrier }) => ({ carrier: carrier && { ...carrier, answered: true } })),
  note: change((race, _id, loss) => ({ lastError: errorOf(race, loss) })),
  dropContenders: change(() => nothingTried),
  dropAll: change(() => ({ ...nothingTried, carrier: null })),
  pauseClimb: change(pausedClimb),
  pauseOffline: change(({ now, timing }) => ({ retryAt: now() + timing.offlineProbeMs })),
  countFailedClimb: change(({ probes }) => ({ probes: probes + 1 })),
  countDown: change(countedDown),
  settleDown: change(settled),
  forget: change(() => ({ attempt: 0, refusals: 0, probes: 0 })),
  setDrain: assign<Race, MachineEvent, unknown, MachineEvent, never>(({ event }) => ({
    drainMs: event.type === 'close' ? event.drainMs : 0,
  })),
}

export const guards = {
  isCarrier: when(({ carrier }, id) => carrier?.id === id),
  isContender: when((race, id) => contender(race, id) !== undefined),
  isFatal: when(isFatal),
  endsRace: when(endsRace),
  isDoubted: when((race, id) => isDoubted(race.routes, contender(race, id)?.name)),
  /** Another contender may still prove itself: what comes next has its own time. */
  hasRivals: when((race, id) => contender(race, id) !== undefined && race.contenders.length > 1),
  hasUntried: when(({ untried }) => untried.length > 0),
  hasProved: when((race) => provedOne(race) !== undefined),
  isAlone: when(({ contenders }) => contenders.length === 0),
  isBest: when(isBest),
  isOffline: when((race) => race.isOffline()),
}

const timed = (name: keyof Timing) => (args: { context: Race }) => args.context.timing[name]

export const delays = {
  nextStart: timed('nextStartMs'),
  stable: timed('stableMs'),
  trial: timed('trialMs'),
  answer: ({ context: { timing } }: { context: Race }) => timing.trialMs + timing.suspectMs,
  suspicion: timed('suspectMs'),
  headStart: ({ context }: { context: Race }) => headStart(context),
  countdown: ({ context }: { context: Race }) => (context.retryAt ?? 0) - context.now(),
  drain: ({ context }: { context: Race }) => context.drainMs + goodbyeMs,
}

export interface Types {
  context: Race
  events: MachineEvent
  input: RaceInput
  actions: { type: keyof typeof actions }
  guards: { type: keyof typeof guards }
  delays: keyof typeof delays
}
