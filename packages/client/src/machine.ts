import { assign, not, setup } from 'xstate'
import {
  better,
  contender,
  convicted,
  countedDown,
  isBest,
  lostCarrier,
  lostContender,
  markedProved,
  planned,
  type Race,
  type RaceInput,
  settled,
  silence,
  started,
  startedNext,
  startingRace,
  tookOver,
} from './race.ts'
import { headStart, isDoubted } from './routes.ts'
import type { Loss } from './transports/transport.ts'

export type MachineEvent =
  | { type: 'connect' }
  | { type: 'reconnect' }
  | { type: 'close'; drainMs: number }
  | { type: 'drained' }
  | { type: 'try.proved'; id: string }
  | { type: 'try.lost'; id: string; loss: Loss }
  | { type: 'link.suspect' }
  | { type: 'link.trusted' }
  | { type: 'network.hint' }
  | { type: 'network.offline' }
  | { type: 'page.hide' }
  | { type: 'page.show' }
  | { type: 'page.wake' }

/** How long a goodbye may take that has to go in a POST. */
const goodbyeMs = 1_000

const lossOf = (event: MachineEvent): Loss => (event.type === 'try.lost' ? event.loss : silence)
const idOf = (event: MachineEvent): string => ('id' in event ? event.id : '')

function isFatal({ refusals }: Race, event: MachineEvent): boolean {
  const { action } = lossOf(event)
  return action === 'stop' || (action === 'authenticate' && refusals > 0)
}

/**
 * The life of a connection: a handful of events a minute, and no message. Its context says which tries should live; the
 * shell opens and closes links to match, and gives the session to the carrier. What else it asks of the world are the
 * actions `renew` (the hub has lost the session) and `prove` (ask the carrier for a quick sign of life).
 */
export const connectionMachine = setup({
  types: {} as { context: Race; events: MachineEvent; input: RaceInput },
  actions: {
    renew: () => {},
    prove: () => {},
    plan: assign(({ context }) => planned(context)),
    startNext: assign(({ context }) => startedNext(context)),
    startBetter: assign(({ context }) => {
      const round = context.round + 1
      return { round, ...started({ ...context, round }, better(context)) }
    }),
    takeOver: assign(({ context, event }) => tookOver(context, idOf(event))),
    takeOverProved: assign(({ context }) => tookOver(context, null)),
    markProved: assign(({ context, event }) => markedProved(context, idOf(event))),
    loseContender: assign(({ context, event }) => lostContender(context, idOf(event), lossOf(event))),
    loseCarrier: assign(({ context, event }) => lostCarrier(context, lossOf(event))),
    dropContenders: assign({ contenders: [], untried: [] }),
    dropAll: assign({ contenders: [], untried: [], carrier: null, accused: null, retryAt: null }),
    convict: assign(({ context }) => convicted(context)),
    countFailedClimb: assign(({ context }) => ({ probes: context.probes + 1 })),
    forgetFailedClimbs: assign({ probes: 0 }),
    settleDown: assign(({ context }) => settled(context)),
    countDown: assign(({ context, event }) => countedDown(context, event.type === 'try.lost' ? event.loss : null)),
    forgetAttempts: assign({ attempt: 0, refusals: 0 }),
    setDrain: assign(({ event }) => ({ drainMs: event.type === 'close' ? event.drainMs : 0 })),
  },
  guards: {
    isCarriers: ({ context, event }) => context.carrier?.id === idOf(event),
    isContenders: ({ context, event }) => contender(context, idOf(event)) !== undefined,
    isLastOfRace: ({ context, event }) =>
      contender(context, idOf(event)) !== undefined && context.contenders.length === 1 && context.untried.length === 0,
    /** The hub itself has answered, and said no: another transport would hear the same. */
    isRefusal: ({ context, event }) => {
      const { action, delayMs } = lossOf(event)
      return contender(context, idOf(event)) !== undefined && (action !== 'retry' || delayMs !== undefined)
    },
    isFatal: ({ context, event }) => contender(context, idOf(event)) !== undefined && isFatal(context, event),
    isFatalForCarrier: ({ context, event }) => context.carrier?.id === idOf(event) && isFatal(context, event),
    asksForRenewal: ({ context, event }) =>
      contender(context, idOf(event)) !== undefined && lossOf(event).action === 'renew',
    renewsCarrier: ({ context, event }) => context.carrier?.id === idOf(event) && lossOf(event).action === 'renew',
    isDoubtedContender: ({ context, event }) => {
      const one = contender(context, idOf(event))
      return one !== undefined && isDoubted(context.routes, one.name)
    },
    hasUntried: ({ context }) => context.untried.length > 0,
    hasContenders: ({ context }) => context.contenders.length > 0,
    hasProved: ({ context }) => context.contenders.some((one) => one.proved),
    hasBetter: ({ context }) => better(context).length > 0,
    isBest: ({ context }) => isBest(context),
    isOffline: ({ context }) => context.isOffline(),
  },
  delays: {
    headStart: ({ context }) => headStart(context.routes, context.contenders[0]?.name, context.timing),
    nextStart: ({ context }) => context.timing.nextStartMs,
    countdown: ({ context }) => context.retryMs,
    climbPause: ({ context }) => {
      const { probeMs, probeCapMs } = context.timing
      return Math.min(probeCapMs, probeMs * 2 ** context.probes) * (0.8 + 0.4 * context.random())
    },
    stable: ({ context }) => context.timing.stableMs,
    trial: ({ context }) => context.timing.trialMs,
    suspicion: ({ context }) => context.timing.suspectMs,
    offlineProbe: ({ context }) => context.timing.offlineProbeMs,
    drain: ({ context }) => context.drainMs + goodbyeMs,
  },
}).createMachine({
  id: 'connection',
  context: ({ input }) => startingRace(input),
  initial: 'idle',
  on: {
    close: { target: '.closing', actions: 'setDrain' },
    'page.hide': { target: '.parked' },
  },
  states: {
    /** Made, and not opened yet. */
    idle: {
      on: { connect: 'connecting', 'page.hide': {} },
    },

    /** No link; a race for one is on. */
    connecting: {
      entry: 'plan',
      initial: 'headStart',
      on: {
        'try.proved': { guard: 'isContenders', target: 'online', actions: 'takeOver' },
        'try.lost': [
          { guard: 'isFatal', target: 'failed', actions: 'loseContender' },
          { guard: 'asksForRenewal', target: 'waiting', actions: ['renew', 'loseContender', 'countDown'] },
          { guard: 'isRefusal', target: 'waiting', actions: ['loseContender', 'countDown'] },
          { guard: 'isLastOfRace', target: 'waiting', actions: ['loseContender', 'countDown'] },
          { guard: 'isContenders', target: '.hedging', reenter: true, actions: 'loseContender' },
        ],
        reconnect: { target: 'connecting', reenter: true, actions: 'dropContenders' },
        'network.hint': { target: 'connecting', reenter: true, actions: ['dropContenders', 'forgetAttempts'] },
        'network.offline': { target: 'offline' },
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
          after: { nextStart: { guard: 'hasUntried', target: 'hedging', reenter: true } },
        },
      },
    },

    /** A link has proved itself and carries the session. */
    online: {
      initial: 'arrived',
      after: { stable: { actions: 'settleDown' } },
      on: {
        'try.proved': { guard: 'isContenders', target: 'online', reenter: true, actions: 'takeOver' },
        'try.lost': [
          { guard: 'isFatalForCarrier', target: 'failed', actions: 'loseCarrier' },
          { guard: 'renewsCarrier', target: 'waiting', actions: ['renew', 'loseCarrier', 'countDown'] },
          { guard: 'isCarriers', target: 'switching', actions: 'loseCarrier' },
          { guard: 'isContenders', actions: 'loseContender' },
        ],
        reconnect: { actions: ['prove', 'forgetFailedClimbs'] },
        'network.hint': { actions: ['prove', 'forgetFailedClimbs'] },
        'network.offline': { actions: 'prove' },
        'page.wake': { actions: 'prove' },
        'link.suspect': '.suspect',
      },
      states: {
        /** Just taken over: on to where it belongs. */
        arrived: {
          always: [
            { guard: 'isBest', target: 'settled', actions: 'forgetFailedClimbs' },
            { guard: 'hasProved', target: 'trial' },
            { guard: 'hasContenders', target: 'upgrading' },
            { target: 'lesser' },
          ],
        },
        /** On the best transport. */
        settled: {},
        /** On a lesser transport; a better one is tried after a pause that grows. */
        lesser: {
          after: {
            climbPause: [
              { guard: 'hasBetter', target: 'upgrading', actions: ['convict', 'startBetter'] },
              { target: 'lesser', reenter: true, actions: 'convict' },
            ],
          },
          on: {
            reconnect: {
              guard: 'hasBetter',
              target: 'upgrading',
              actions: ['prove', 'forgetFailedClimbs', 'startBetter'],
            },
            'network.hint': {
              guard: 'hasBetter',
              target: 'upgrading',
              actions: ['prove', 'forgetFailedClimbs', 'startBetter'],
            },
          },
        },
        /** A better transport is tried beside the one that carries. */
        upgrading: {
          always: { guard: not('hasContenders'), target: 'lesser', actions: 'countFailedClimb' },
          on: {
            'try.proved': [
              { guard: 'isDoubtedContender', target: 'trial', actions: 'markProved' },
              { guard: 'isContenders', target: '#connection.online', reenter: true, actions: 'takeOver' },
            ],
          },
        },
        /** A better one has proved itself, but was lost quickly before: it must hold for a while before it carries. */
        trial: {
          always: { guard: not('hasProved'), target: 'upgrading' },
          after: { trial: { target: '#connection.online', reenter: true, actions: 'takeOverProved' } },
        },
        /** No sign of life: a replacement is raced beside, and the link is kept in case it answers. */
        suspect: {
          entry: ['plan', 'startNext'],
          after: {
            headStart: { guard: 'hasUntried', actions: 'startNext' },
            suspicion: { target: '#connection.switching', actions: 'loseCarrier' },
          },
          on: {
            'link.trusted': { target: 'arrived', actions: 'dropContenders' },
            'link.suspect': {},
            'try.lost': { guard: 'isContenders', actions: ['loseContender', 'startNext'] },
          },
        },
      },
    },

    /** The link is gone: on with what is already being tried, or with a new race. */
    switching: {
      always: [
        { guard: 'hasProved', target: 'online', actions: 'takeOverProved' },
        { guard: 'hasContenders', target: 'connecting.hedging' },
        { guard: 'isOffline', target: 'offline' },
        { target: 'waiting', actions: 'countDown' },
      ],
    },

    /** Nothing works at the moment; the next race begins after the countdown. */
    waiting: {
      entry: 'dropContenders',
      always: { guard: 'isOffline', target: 'offline' },
      after: { countdown: 'connecting' },
      on: {
        reconnect: 'connecting',
        'network.hint': { target: 'connecting', actions: 'forgetAttempts' },
        'page.wake': 'connecting',
        'network.offline': 'offline',
      },
    },

    /** The browser says that there is no network. It is tried now and then all the same: that word may be wrong. */
    offline: {
      entry: 'dropAll',
      after: { offlineProbe: 'connecting' },
      on: { reconnect: 'connecting', 'network.hint': { target: 'connecting', actions: 'forgetAttempts' } },
    },

    /** The page is hidden for good or frozen: the link is closed and the session kept. */
    parked: {
      entry: 'dropAll',
      on: {
        'page.show': { target: 'connecting', actions: 'forgetAttempts' },
        reconnect: { target: 'connecting', actions: 'forgetAttempts' },
        'page.hide': {},
      },
    },

    /** What is left is sent, and the session says goodbye. */
    closing: {
      entry: 'dropContenders',
      after: { drain: 'closed' },
      on: {
        drained: 'closed',
        'try.lost': { guard: 'isCarriers', target: 'closed' },
        close: {},
        'page.hide': 'closed',
      },
    },
    closed: { type: 'final', entry: 'dropAll' },

    /** The hub said stop. */
    failed: {
      entry: 'dropAll',
      on: { reconnect: { target: 'connecting', actions: 'forgetAttempts' }, 'page.hide': {} },
    },
  },
})
