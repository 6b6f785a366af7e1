import type { State } from '../../packages/client/src/machine.ts'
import { isBest, isBetter, type Race } from '../../packages/client/src/race.ts'
import { isDoubted } from '../../packages/client/src/routes.ts'
import { delays } from '../../packages/client/src/vocabulary.ts'
import type { Rest } from './rest.ts'

export interface Invariant {
  readonly words: string
  holds(rest: Rest): boolean
}

/** What holds in every snapshot in which the machine can rest. */
export const invariants: readonly Invariant[] = [
  {
    words: 'Nothing lives in `idle`, `waiting`, `offline`, `parked`, `closed` and `failed`: no carrier, no contender.',
    holds: ({ state, race }) =>
      !['idle', 'waiting', 'offline', 'parked', 'closed', 'failed'].includes(state) || livesOf(race).length === 0,
  },
  {
    words: 'A link carries in every state of `online` and in none of `connecting`; while closing, one may.',
    holds: ({ state, race }) => state === 'closing' || (race.carrier !== null) === isOnline(state),
  },
  {
    words: 'While connecting, at least one transport is being tried.',
    holds: ({ state, race }) => !state.startsWith('connecting') || race.contenders.length > 0,
  },
  {
    words: 'No transport has two contenders: a handshake is never pending beside another one of the same transport.',
    holds: ({ race }) => distinct(race.contenders.map(({ name }) => name)),
  },
  {
    words: 'No two tries that live share an id or a link number.',
    holds: ({ race }) => distinct(livesOf(race).map(({ id }) => id)) && distinct(livesOf(race).map(({ link }) => link)),
  },
  {
    words: 'Of two tries of one round the better transport has the higher link number.',
    holds: ({ race }) =>
      livesOf(race).every((one) =>
        livesOf(race).every(
          (other) => one.round !== other.round || !isBetter(race, one.name, other.name) || one.link > other.link,
        ),
      ),
  },
  {
    words: 'While a link carries, each contender is above it, so that the hub lets it take over.',
    holds: ({ race: { carrier, contenders } }) => !carrier || contenders.every(({ link }) => link > carrier.link),
  },
  {
    words: 'Beside a link that is not suspect, only better transports are tried.',
    holds: ({ state, race }) =>
      !race.carrier ||
      state === 'online.suspect' ||
      race.contenders.every(({ name }) => isBetter(race, name, race.carrier?.name ?? '')),
  },
  {
    words: 'The best transport is in `online.settled` or suspect, and every other one is not settled.',
    holds: ({ state, race }) =>
      !isOnline(state) || state === 'online.suspect' || isBest(race) === (state === 'online.settled'),
  },
  {
    words:
      'Something is tried in `online.upgrading` and in `online.trial`, and nothing in `online.settled` and `online.lesser`.',
    holds: ({ state, race }) =>
      !isOnline(state) ||
      state === 'online.suspect' ||
      race.contenders.length > 0 === (state === 'online.upgrading' || state === 'online.trial'),
  },
  {
    words:
      'A contender that has proved itself waits only where it was doubted then: in `online.trial`, or in `online.suspect` after it.',
    holds: ({ state, race }) => {
      const proved = race.contenders.filter((one) => one.proved)
      if (state === 'online.trial' && proved.length !== 1) return false
      return proved.length === 0 || state === 'online.trial' || state === 'online.suspect'
    },
  },
  {
    words: 'At most one transport is doubted: what takes one after the other is the network.',
    holds: ({ race: { routes, transports } }) => transports.filter((name) => isDoubted(routes, name)).length <= 1,
  },
  {
    words:
      'What is still to be started is named only in `connecting` and `online.suspect`, and is not being tried already.',
    holds: ({ state, race: { untried, contenders } }) =>
      untried.length === 0 ||
      ((state.startsWith('connecting') || state === 'online.suspect') &&
        distinct([...untried, ...contenders.map(({ name }) => name)])),
  },
  {
    words:
      '`retryAt` is set exactly in `waiting`, `offline` and `online.lesser`, where a countdown runs, and is never in the past.',
    holds: ({ state, race: { retryAt, now } }) =>
      ['waiting', 'offline', 'online.lesser'].includes(state) ? retryAt !== null && retryAt >= now() : retryAt === null,
  },
  {
    words: 'Each timer that can run in a state has a finite time from 0.',
    holds: ({ race }) =>
      Object.entries(delays).every(([name, delay]) => {
        const ms = name === 'countdown' && race.retryAt === null ? 0 : delay({ context: race })
        return Number.isFinite(ms) && ms >= 0
      }),
  },
  {
    words:
      'The phase is `online` exactly in the states of `online`; `transport` is named while a link carries, and is else null.',
    holds: ({ state, race, shown }) =>
      (shown.phase === 'online') === isOnline(state) && shown.transport === (race.carrier?.name ?? null),
  },
  {
    words:
      'On each lesser transport `reason` says why no better one; on the best one of all it is null, and on the best that can exist here it says what is missing.',
    holds: ({ race, shown: { reason } }) =>
      race.carrier === null || (isBest(race) ? reason === race.missing : reason !== null),
  },
  {
    words: '`reconnecting` is said only by a connection that was online, and `connecting` only by one that was not.',
    holds: ({ race, shown }) =>
      !['connecting', 'reconnecting'].includes(shown.phase) || (shown.phase === 'reconnecting') === race.wasOnline,
  },
  {
    words: '`failed` and `waiting` have a `lastError`.',
    holds: ({ state, shown }) => !['failed', 'waiting'].includes(state) || shown.lastError !== null,
  },
]

const isOnline = (state: State): boolean => state.startsWith('online.')
const livesOf = ({ carrier, contenders }: Race) => (carrier ? [carrier, ...contenders] : contenders)
const distinct = (all: readonly unknown[]): boolean => new Set(all).size === all.length
