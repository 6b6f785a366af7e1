import { isDoubted } from '../../packages/client/src/routes.ts'
import type { Step } from './exploration.ts'

export interface Manner {
  readonly words: string
  holds(step: Step): boolean
}

/** What holds of every step that the machine takes. */
export const manners: readonly Manner[] = [
  {
    words: 'A link that carries gives way only to a contender that has proved itself: make before break.',
    holds({ before, after, stimulus }) {
      const next = after.context.carrier
      if (!next || next.id === before.context.carrier?.id) return true
      const winner = before.context.contenders.find(({ id }) => id === next.id)
      return winner !== undefined && (winner.proved || (stimulus.name === 'try.proved' && stimulus.id === winner.id))
    },
  },
  {
    words:
      'A link that carries is let go only when it is lost, when it stays suspect, when the page is put away, or at the end.',
    holds({ before, after, stimulus: { name, id } }) {
      const former = before.context.carrier
      if (!former || after.context.carrier) return true
      if (name === 'try.lost') return id === former.id
      return ['after suspicion', 'page.hide', 'drained', 'after drain'].includes(name)
    },
  },
  {
    words: 'A try is begun above every try of an earlier round, and its number and id are new.',
    holds({ before, after }) {
      const { carrier, contenders, transports } = before.context
      const former = carrier ? [carrier, ...contenders] : contenders
      const begun = after.context.contenders.filter(({ id }) => !contenders.some((one) => one.id === id))
      return begun.every(
        (one) =>
          one.round === after.context.round &&
          one.link > one.round * transports.length &&
          one.link <= (one.round + 1) * transports.length &&
          former.every(
            ({ id, link, round }) => id !== one.id && (round < one.round ? link < one.link : link !== one.link),
          ),
      )
    },
  },
  {
    words: 'Rounds only rise.',
    holds: ({ before, after }) => after.context.round >= before.context.round,
  },
  {
    words: 'Each hint, and `reconnect()`, asks the link that carries for a sign of life, and never ends it.',
    holds({ event, before, after, actions }) {
      const hints = ['reconnect', 'network.hint', 'network.offline', 'page.wake']
      const { carrier } = before.context
      if (!hints.includes(event) || !carrier || before.matches('closing')) return true
      return actions.includes('prove') && after.context.carrier === carrier
    },
  },
  {
    words:
      '`reconnect()` and the hint of another network begin anew what hangs in the air, while connecting and while upgrading.',
    holds({ event, before, after }) {
      const isAsked = event === 'reconnect' || event === 'network.hint'
      const { contenders } = before.context
      if (!isAsked || !(before.matches('connecting') || before.matches({ online: 'upgrading' }))) return true
      return after.context.contenders.length > 0 && !after.context.contenders.some((one) => contenders.includes(one))
    },
  },
  {
    words: 'A climb begins every better transport at once.',
    holds({ before, after }) {
      if (!before.matches({ online: 'lesser' }) || !after.matches({ online: 'upgrading' })) return true
      const { carrier, contenders, transports } = after.context
      const better = transports.slice(0, transports.indexOf(carrier?.name ?? ''))
      return better.every((name) => contenders.some((one) => one.name === name))
    },
  },
  {
    words: 'Suspicion begins a race beside the link at once.',
    holds: ({ before, after }) =>
      before.matches({ online: 'suspect' }) ||
      !after.matches({ online: 'suspect' }) ||
      after.context.contenders.length > 0,
  },
  {
    words: 'Beside a link that has never answered a ping another transport is tried first, if there is one to trust.',
    holds({ before, after }) {
      const { carrier, contenders, transports, routes } = before.context
      if (before.matches({ online: 'suspect' }) || !after.matches({ online: 'suspect' }) || carrier?.answered)
        return true
      const begun = after.context.contenders.find(({ id }) => !contenders.some((one) => one.id === id))
      const others = transports.filter(
        (name) => name !== carrier?.name && !isDoubted(routes, name) && !contenders.some((one) => one.name === name),
      )
      return begun?.name !== carrier?.name || others.length === 0
    },
  },
  {
    words: 'A doubted transport takes over from a link that is not suspect only when it has answered a ping beside it.',
    holds({ event, before, after }) {
      const next = after.context.carrier
      const { carrier, routes } = before.context
      if (!carrier || !next || next.id === carrier.id || before.matches({ online: 'suspect' })) return true
      return !isDoubted(routes, next.name) || (event === 'try.answered' && next.answered)
    },
  },
  {
    words:
      'The attempts are counted from 0 again only after a stable while on a link that has answered, at a hint of a new network, or when somebody asks.',
    holds: ({ event, before, after }) =>
      after.context.attempt >= before.context.attempt ||
      (event === 'after stable' && before.context.carrier?.answered) ||
      ['network.hint', 'reconnect', 'page.show'].includes(event),
  },
  {
    words: 'What was learned of a transport stays known, and that the connection was online once.',
    holds: ({ before, after }) =>
      Object.keys(before.context.routes.known).every((name) => name in after.context.routes.known) &&
      (after.context.wasOnline || !before.context.wasOnline),
  },
]
