import { assign, setup } from 'xstate'
import type { Timing } from './options.ts'
import {
  contender,
  countedDown,
  isBest,
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
import { headStart, isDoubted } from './routes.ts'
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

const idOf = (event: MachineEvent) => ('id' in event ? event.id : undefined)
const lossOf = (event: MachineEvent) =>
  event.type === 'try.lost' ? event.loss : networkLoss('silent', 'the link gave no sign of life')

const timed = (name: keyof Timing) => (args: { context: Race }) => args.context.timing[name]

/** Out of a state in which nothing is tried. */
const again = { target: 'connecting', actions: 'forget' } as const
const restart = { target: 'connecting', reenter: true, actions: ['dropContenders', 'forget'] } as const
const proveAndClimb = { target: 'upgrading', actions: ['prove', 'forget', 'startBetter'] } as const
const takeOver = { guard: 'isContender', target: '#connection.online', reenter: true, actions: 'takeOver' } as const

/**
 * The life of a connection: a handful of events a minute, and no message. Its context says which tries should live; the
 * shell opens and closes links to match, and gives the session to the carrier. What else it asks of the world is `prove`:
 * ask the carrier for a quick sign of life.
 */
export const connectionMachine = setup({
  types: {} as { context: Race; events: MachineEvent; input: RaceInput },
  actions: {
    prove: () => {},
    plan: assign(({ context }) => planned(context)),
    startNext: assign(({ context }) => startedNext(context)),
    startBetter: assign(({ context }) => startedBetter(context)),
    markProved: assign(({ context, event }) => markedProved(context, idOf(event))),
    takeOver: assign(({ context, event }) => tookOver(context, idOf(event))),
    lose: assign(({ context, event }) => lost(context, idOf(event), lossOf(event))),
    dropContenders: assign({ contenders: [], untried: [] }),
    dropAll: assign({ contenders: [], untried: [], carrier: null, retryAt: null }),
    countFailedClimb: assign(({ context }) => ({ probes: context.probes + 1 })),
    countDown: assign(({ context, event }) => countedDown(context, lossOf(event))),
    settleDown: assign(({ context }) => settled(context)),
    forget: assign({ attempt: 0, refusals: 0, probes: 0 }),
    setDrain: assign(({ event }) => ({ drainMs: event.type === 'close' ? event.drainMs : 0 })),
  },
  guards: {
    isCarrier: ({ context, event }) => context.carrier?.id === idOf(event),
    isContender: ({ context, event }) => contender(context, idOf(event)) !== undefined,
    /** The hub said stop; or it refused a token for the second time. */
    isFatal({ context, event }) {
      const { action } = lossOf(event)
      const ours = context.carrier ?? contender(context, idOf(event))
      return ours?.id === idOf(event) && (action === 'stop' || (action === 'authenticate' && context.refusals > 0))
    },
    /** Nothing else is being tried, or the hub itself said no: another transport would hear the same. */
    endsRace({ context, event }) {
      const { action, delayMs } = lossOf(event)
      const isLast = context.contenders.length === 1 && context.untried.length === 0
      return contender(context, idOf(event)) !== undefined && (isLast || action !== 'retry' || delayMs !== undefined)
    },
    isDoubted: ({ context, event }) => isDoubted(context.routes, contender(context, idOf(event))?.name),
    hasUntried: ({ context }) => context.untried.length > 0,
    hasProved: ({ context }) => context.contenders.some((one) => one.proved),
    isAlone: ({ context }) => context.contenders.length === 0,
    isBest: ({ context }) => isBest(context),
    isOffline: ({ context }) => context.isOffline(),
  },
  delays: {
    headStart: ({ context }) => headStart(context.routes, context.contenders[0]?.name, context.timing),
    countdown: ({ context }) => context.retryMs,
    climbPause({ context: { timing, probes, random } }) {
      return Math.min(timing.probeCapMs, timing.probeMs * 2 ** probes) * (0.8 + 0.4 * random())
    },
    nextStart: timed('nextStartMs'),
    stable: timed('stableMs'),
    trial: timed('trialMs'),
    suspicion: timed('suspectMs'),
    offlineProbe: timed('offlineProbeMs'),
    drain: ({ context }) => context.drainMs + goodbyeMs,
  },
}).createMachine({
  id: 'connection',
  context: ({ input }) => startingRace(input),
  initial: 'idle',
  on: {
    close: { target: '.closing', actions: 'setDrain' },
    'page.hide': '.parked',
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
          after: { nextStart: { guard: 'hasUntried', target: 'hedging', reenter: true } },
        },
      },
    },

    /** A link has proved itself and carries the session. */
    online: {
      initial: 'arrived',
      after: { stable: { actions: 'settleDown' } },
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
          on: { 'try.proved': [{ guard: 'isDoubted', actions: 'markProved' }, takeOver] },
        },
        /** A better one has proved itself, but was lost quickly before: it must hold for a while before it carries. */
        trial: {
          after: { trial: { ...takeOver, guard: 'hasProved' } },
          on: { 'try.lost': { guard: 'isContender', target: 'upgrading', actions: 'lose' } },
        },
        /** No sign of life: a replacement is raced beside, and the link is kept in case it answers. */
        suspect: {
          entry: ['plan', 'startNext'],
          after: {
            headStart: { guard: 'hasUntried', actions: 'startNext' },
            suspicion: { target: '#connection.switching', actions: 'lose' },
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
      after: { offlineProbe: 'connecting' },
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
      on: { drained: 'closed', 'try.lost': { guard: 'isCarrier', target: 'closed' }, close: {}, 'page.hide': 'closed' },
    },
    closed: { type: 'final', entry: 'dropAll' },

    /** The hub said stop. */
    failed: {
      entry: 'dropAll',
      on: { reconnect: again, 'page.hide': {} },
    },
  },
})
