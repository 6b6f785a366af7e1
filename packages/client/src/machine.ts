import { assign, createMachine } from 'xstate'
import { defaultTiming } from './options.ts'
import {
  climbPause,
  contender,
  countedDown,
  endsRace,
  headStart,
  isBest,
  isFatal,
  lost,
  markedProved,
  planned,
  type Race,
  type RaceInput,
  settled,
  startedBetter,
  startedNext,
  startingRace,
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
  const loss = event.type === 'try.lost' ? event.loss : networkLoss('silent', 'the link gave no sign of life')
  return [context, 'id' in event ? event.id : undefined, loss]
}

const change = (by: (...facts: Facts) => Partial<Race>) =>
  assign<Race, MachineEvent, unknown, MachineEvent, never>((args) => by(...factsOf(args)))

const when =
  (test: (...facts: Facts) => boolean) =>
  (args: { context: Race; event: MachineEvent }): boolean =>
    test(...factsOf(args))

const actions = {
  prove: () => {},
  plan: change(planned),
  startNext: change(startedNext),
  startBetter: change(startedBetter),
  markProved: change(markedProved),
  takeOver: change(tookOver),
  lose: change(lost),
  dropContenders: change(() => ({ contenders: [], untried: [] })),
  dropAll: change(() => ({ contenders: [], untried: [], carrier: null, retryAt: null })),
  countFailedClimb: change(({ probes }) => ({ probes: probes + 1 })),
  countDown: change(countedDown),
  settleDown: change(settled),
  forget: change(() => ({ attempt: 0, refusals: 0, probes: 0 })),
  setDrain: assign<Race, MachineEvent, unknown, MachineEvent, never>(({ event }) => ({
    drainMs: event.type === 'close' ? event.drainMs : 0,
  })),
}

const guards = {
  isCarrier: when(({ carrier }, id) => carrier?.id === id),
  isContender: when((race, id) => contender(race, id) !== undefined),
  isFatal: when(isFatal),
  endsRace: when(endsRace),
  isDoubted: when((race, id) => isDoubted(race.routes, contender(race, id)?.name)),
  hasUntried: when(({ untried }) => untried.length > 0),
  hasProved: when(({ contenders }) => contenders.some((one) => one.proved)),
  isAlone: when(({ contenders }) => contenders.length === 0),
  isBest: when(isBest),
  isOffline: when((race) => race.isOffline()),
}

/** Those that are timings have their default here, and are provided with the connection's. */
const delays = {
  ...defaultTiming,
  headStart: ({ context }: { context: Race }) => headStart(context),
  countdown: ({ context }: { context: Race }) => (context.retryAt ?? 0) - context.now(),
  climbPause: ({ context }: { context: Race }) => climbPause(context),
  drain: ({ context }: { context: Race }) => context.drainMs + goodbyeMs,
}

interface Types {
  context: Race
  events: MachineEvent
  input: RaceInput
  actions: { type: keyof typeof actions }
  guards: { type: keyof typeof guards }
  delays: keyof typeof delays
}

/** Out of a state in which nothing is tried. */
const again = { target: 'connecting', actions: 'forget' } as const
const restart = { target: 'connecting', reenter: true, actions: ['dropContenders', 'forget'] } as const
const proveAndClimb = {
  target: 'upgrading',
  reenter: true,
  // A handshake that was swallowed by the former network stays unanswered on the new one.
  actions: ['dropContenders', 'prove', 'forget', 'startBetter'],
} as const
const takeOver = { guard: 'isContender', target: '#connection.online', reenter: true, actions: 'takeOver' } as const

const states = {
  /** Made, and not opened yet. */
  idle: {
    on: { connect: 'connecting', 'page.hide': {} },
  },

  /** No link; a race for one is on. */
  connecting: {
    entry: 'plan',
    initial: 'headStart',
    on: {
      'try.proved': takeOver,
      'try.lost': [
        { guard: 'isFatal', target: 'failed', actions: 'lose' },
        { guard: 'endsRace', target: 'waiting', actions: 'lose' },
        { guard: 'isContender', target: '.hedging', actions: 'lose' },
      ],
      reconnect: restart,
      'network.hint': restart,
      'network.offline': 'offline',
    },
    states: {
      /** The first transport is tried, alone. */
      headStart: {
        entry: 'startNext',
        after: { headStart: { guard: 'hasUntried', target: 'hedging' } },
      },
      /** The next ones are tried beside it; the first that proves itself carries the session. */
      hedging: {
        entry: 'startNext',
        after: { nextStartMs: { guard: 'hasUntried', target: 'hedging', reenter: true } },
      },
    },
  },

  /** A link has proved itself and carries the session. */
  online: {
    initial: 'arrived',
    after: { stableMs: { actions: 'settleDown' } },
    on: {
      'try.proved': takeOver,
      'try.lost': [
        { guard: 'isFatal', target: 'failed', actions: 'lose' },
        { guard: 'isCarrier', target: 'switching', actions: 'lose' },
        { guard: 'isContender', actions: 'lose' },
      ],
      reconnect: { actions: 'prove' },
      'network.hint': { actions: 'prove' },
      'network.offline': { actions: 'prove' },
      'page.wake': { actions: 'prove' },
      'link.suspect': '.suspect',
    },
    states: {
      /** Just taken over: on to where it belongs. */
      arrived: {
        always: [
          { guard: 'isBest', target: 'settled' },
          { guard: 'hasProved', target: 'trial' },
          { guard: 'isAlone', target: 'lesser' },
          { target: 'upgrading' },
        ],
      },
      /** On the best transport. */
      settled: {},
      /** On a lesser transport; a better one is tried after a pause that grows. */
      lesser: {
        after: { climbPause: { target: 'upgrading', actions: 'startBetter' } },
        on: {
          reconnect: proveAndClimb,
          'network.hint': proveAndClimb,
        },
      },
      /** A better transport is tried beside the one that carries. */
      upgrading: {
        always: [
          { guard: 'isAlone', target: 'lesser', actions: 'countFailedClimb' },
          { guard: 'hasProved', target: 'trial' },
        ],
        on: {
          'try.proved': [{ guard: 'isDoubted', actions: 'markProved' }, takeOver],
          reconnect: proveAndClimb,
          'network.hint': proveAndClimb,
        },
      },
      /** A better one has proved itself, but was lost quickly before: it must hold for a while before it carries. */
      trial: {
        after: { trialMs: { ...takeOver, guard: 'hasProved' } },
        on: { 'try.lost': { guard: 'isContender', target: 'upgrading', actions: 'lose' } },
      },
      /** No sign of life: a replacement is raced beside, and the link is kept in case it answers. */
      suspect: {
        entry: ['plan', 'startNext'],
        after: {
          headStart: { guard: 'hasUntried', actions: 'startNext' },
          suspectMs: { target: '#connection.switching', actions: 'lose' },
        },
        on: {
          'link.trusted': { target: 'arrived', actions: 'dropContenders' },
          'link.suspect': {},
          'try.lost': { guard: 'isContender', actions: ['lose', 'startNext'] },
        },
      },
    },
  },

  /** The link is gone: on with what is already being tried, or with a new race. */
  switching: {
    always: [
      { guard: 'hasProved', target: 'online', actions: 'takeOver' },
      { guard: 'isAlone', target: 'waiting' },
      { target: 'connecting.hedging' },
    ],
  },

  /** Nothing works at the moment; the next race begins after the countdown. */
  waiting: {
    entry: ['countDown', 'dropContenders'],
    always: { guard: 'isOffline', target: 'offline' },
    after: { countdown: 'connecting' },
    on: { reconnect: again, 'network.hint': again, 'page.wake': 'connecting', 'network.offline': 'offline' },
  },

  /** The browser says that there is no network. It is tried now and then all the same: that word may be wrong. */
  offline: {
    entry: 'dropAll',
    after: { offlineProbeMs: 'connecting' },
    on: { reconnect: again, 'network.hint': again },
  },

  /** The page is hidden for good or frozen: the link is closed and the session kept. */
  parked: {
    entry: 'dropAll',
    on: { 'page.show': again, reconnect: again, 'page.hide': {} },
  },

  /** What is left is sent, and the session says goodbye. */
  closing: {
    entry: 'dropContenders',
    after: { drain: 'closed' },
    on: {
      drained: 'closed',
      'try.lost': { guard: 'isCarrier', target: 'closed' },
      close: {},
      'page.hide': 'closed',
    },
  },
  closed: { type: 'final', entry: 'dropAll' },

  /** The hub said stop. */
  failed: {
    entry: 'dropAll',
    on: { reconnect: again, 'page.hide': {} },
  },
} as const

export type TopState = keyof typeof states

/**
 * The life of a connection: a handful of events a minute, and no message. Its context says which tries should live; the
 * shell opens and closes links to match, and gives the session to the carrier. What else it asks of the world is `prove`:
 * ask the carrier for a quick sign of life.
 */
export const connectionMachine = createMachine(
  {
    types: {} as Types,
    id: 'connection',
    context: ({ input }) => startingRace(input),
    initial: 'idle',
    on: {
      close: { target: '.closing', actions: 'setDrain' },
      'page.hide': '.parked',
    },
    states,
  },
  { actions, guards, delays },
)
