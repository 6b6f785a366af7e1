import type { Race, Try } from '../../packages/client/src/race.ts'
import { isDoubted } from '../../packages/client/src/routes.ts'
import type { Stimulus } from './stimuli.ts'

interface CaseRule {
  readonly words: string
  holds(race: Race, stimulus: Stimulus): boolean
}

/** What the machine's answer to an event may depend on, told apart from what is known before the event. */
export const cases = {
  fatal: {
    words:
      'it was the carrier or, while none carries, a contender, and the hub said stop or refused a token for the second time',
    holds: (race, { id, loss }) =>
      id !== undefined &&
      id === (race.carrier?.id ?? about(race, id)?.id) &&
      (loss?.action === 'stop' || (loss?.action === 'authenticate' && race.refusals > 0)),
  },
  over: {
    words:
      'it was the last contender and nothing is left to start, or it was a contender to which the hub itself said no',
    holds: (race, { id, loss }) =>
      about(race, id) !== undefined &&
      (loss?.action !== 'retry' ||
        loss.delayMs !== undefined ||
        (race.contenders.length === 1 && race.untried.length === 0)),
  },
  rivals: {
    words: 'it was one of several contenders',
    holds: (race, { id }) => about(race, id) !== undefined && race.contenders.length > 1,
  },
  doubted: {
    words:
      'it is a contender whose transport was lost quickly three times in a row, or once before it had answered a ping, while others held',
    holds: (race, { id }) => isDoubted(race.routes, about(race, id)?.name),
  },
  contender: {
    words: 'it is a contender',
    holds: (race, { id }) => about(race, id) !== undefined,
  },
  carrier: {
    words: 'it is the carrier',
    holds: ({ carrier }, { id }) => carrier !== null && carrier.id === id,
  },
  untried: {
    words: 'a transport is left to start',
    holds: ({ untried }) => untried.length > 0,
  },
  best: {
    words: 'the best transport carries',
    holds: ({ carrier, transports }) => carrier?.name === transports[0],
  },
  proved: {
    words: 'a contender has proved itself',
    holds: ({ contenders }) => contenders.some(({ proved }) => proved),
  },
  alone: {
    words: 'no contender is left',
    holds: ({ contenders }) => contenders.length === 0,
  },
  offline: {
    words: 'the browser says that there is no network',
    holds: (_race, { offline }) => offline === true,
  },
  otherwise: { words: 'otherwise', holds: () => true },
} as const satisfies Record<string, CaseRule>

export type Case = keyof typeof cases

const about = ({ contenders }: Race, id: string | undefined): Try | undefined => contenders.find((one) => one.id === id)
