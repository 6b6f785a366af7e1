import { createMachine } from 'xstate'
import { startingRace } from './race.ts'
import { actions, delays, guards, type Types } from './vocabulary.ts'

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
        { guard: 'hasRivals', actions: 'lose' },
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
      'link.trusted': { actions: 'trust' },
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
        entry: 'pauseClimb',
        after: { countdown: { target: 'upgrading', actions: 'startBetter' } },
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
      /**
       * A better one has proved itself, but was lost quickly before: it must hold for a while, and then answer, before it
       * carries. It is not asked earlier, since the hub ends the link that carries as soon as a better one speaks.
       */
      trial: {
        after: { trial: { actions: 'ask' }, answer: { target: 'upgrading', actions: 'loseProved' } },
        on: {
          'try.answered': { ...takeOver, actions: ['takeOver', 'trust'] },
          'try.lost': { guard: 'isContender', target: 'upgrading', actions: 'lose' },
        },
      },
      /** No sign of life: a replacement is raced beside, and the link is kept in case it answers. */
      suspect: {
        entry: ['plan', 'startNext'],
        after: {
          headStart: { guard: 'hasUntried', actions: 'startNext' },
          suspicion: { target: '#connection.switching', actions: 'giveUp' },
        },
        on: {
          'try.proved': { ...takeOver, actions: ['giveUp', 'takeOver'] },
          'link.trusted': { target: 'arrived', actions: ['trust', 'dropContenders'] },
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
    entry: ['dropContenders', 'countDown'],
    always: { guard: 'isOffline', target: 'offline' },
    after: { countdown: 'connecting' },
    on: { reconnect: again, 'network.hint': again, 'page.wake': 'connecting', 'network.offline': 'offline' },
  },

  /** The browser says that there is no network. It is tried now and then all the same: that word may be wrong. */
  offline: {
    entry: ['dropAll', 'pauseOffline'],
    after: { countdown: 'connecting' },
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

/** Where the machine can be, as a path such as 'online.lesser'. */
export type State = {
  [Top in TopState]: (typeof states)[Top] extends { states: infer Inner } ? `${Top}.${keyof Inner & string}` : Top
}[TopState]

/**
 * The life of a connection: a handful of events a minute, and no message. Its context says which tries should live; the
 * shell opens and closes links to match, and gives the session to the carrier.
 */
export const connectionMachine = createMachine(
  {
    types: {} as Types,
    id: 'connection',
    context: ({ input }) => startingRace(input),
    initial: 'idle',
    on: {
      close: { target: '.closing', actions: 'setDrain' },
      'try.troubled': { actions: 'note' },
      'page.hide': '.parked',
    },
    states,
  },
  { actions, guards, delays },
)
