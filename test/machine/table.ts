import type { State } from '../../packages/client/src/machine.ts'
import type { Case } from './cases.ts'
import type { Event } from './stimuli.ts'

/**
 * Nothing at all; the state stays, and something is learned or done; it stays, and the carrier is asked for a proof; or the
 * state that is entered, the same one too: its timer or its tries then start over.
 */
export type Outcome = '-' | 'stay' | 'prove' | State

/** The first case that holds decides; where none does, nothing happens. */
export type Expected = Outcome | Readonly<Partial<Record<Case, Outcome>>>

const headStart = 'connecting.headStart'
const hedging = 'connecting.hedging'
const arrived = 'online.arrived'
const lesser = 'online.lesser'
const upgrading = 'online.upgrading'
const trial = 'online.trial'
const suspect = 'online.suspect'

const carrierOrRival = { fatal: 'failed', carrier: 'switching', contender: 'stay' } as const

/** What the machine does in each state with each event. */
// biome-ignore format: it is read as a table
export const table: Readonly<Record<State, Readonly<Record<Event, Expected>>>> = {
  idle: {
    connect: headStart, reconnect: '-', close: 'closing', drained: '-',
    'try.proved': '-', 'try.lost': '-', 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': '-', 'network.offline': '-',
    'page.hide': '-', 'page.show': '-', 'page.wake': '-',
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: '-',
  },
  'connecting.headStart': {
    connect: '-', reconnect: headStart, close: 'closing', drained: '-',
    'try.proved': { contender: arrived }, 'try.lost': { fatal: 'failed', over: 'waiting', contender: hedging }, 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': headStart, 'network.offline': 'offline',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': '-',
    'after headStart': { untried: hedging }, 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: '-',
  },
  'connecting.hedging': {
    connect: '-', reconnect: headStart, close: 'closing', drained: '-',
    'try.proved': { contender: arrived }, 'try.lost': { fatal: 'failed', over: 'waiting', rivals: 'stay', contender: hedging },
    'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': headStart, 'network.offline': 'offline',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': '-',
    'after headStart': '-', 'after nextStart': { untried: hedging }, 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: '-',
  },
  'online.arrived': {
    connect: '-', reconnect: '-', close: '-', drained: '-',
    'try.proved': '-', 'try.lost': '-', 'try.troubled': '-', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': '-', 'network.offline': '-',
    'page.hide': '-', 'page.show': '-', 'page.wake': '-',
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-',
    always: { best: 'online.settled', proved: trial, alone: lesser, otherwise: upgrading },
  },
  'online.settled': {
    connect: '-', reconnect: 'prove', close: 'closing', drained: '-',
    'try.proved': '-', 'try.lost': { fatal: 'failed', carrier: 'switching' }, 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': suspect, 'link.trusted': 'stay', 'network.hint': 'prove', 'network.offline': 'prove',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': 'prove',
    'after headStart': '-', 'after nextStart': '-', 'after stable': 'stay', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: '-',
  },
  'online.lesser': {
    connect: '-', reconnect: upgrading, close: 'closing', drained: '-',
    'try.proved': '-', 'try.lost': { fatal: 'failed', carrier: 'switching' }, 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': suspect, 'link.trusted': 'stay', 'network.hint': upgrading, 'network.offline': 'prove',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': 'prove',
    'after headStart': '-', 'after nextStart': '-', 'after stable': 'stay', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': upgrading, 'after drain': '-', always: '-',
  },
  'online.upgrading': {
    connect: '-', reconnect: upgrading, close: 'closing', drained: '-',
    'try.proved': { doubted: 'stay', contender: arrived }, 'try.lost': carrierOrRival, 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': suspect, 'link.trusted': 'stay', 'network.hint': upgrading, 'network.offline': 'prove',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': 'prove',
    'after headStart': '-', 'after nextStart': '-', 'after stable': 'stay', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: { alone: lesser, proved: trial },
  },
  'online.trial': {
    connect: '-', reconnect: 'prove', close: 'closing', drained: '-',
    'try.proved': { contender: arrived }, 'try.lost': { fatal: 'failed', carrier: 'switching', contender: upgrading },
    'try.troubled': 'stay', 'try.answered': { contender: arrived },
    'link.suspect': suspect, 'link.trusted': 'stay', 'network.hint': 'prove', 'network.offline': 'prove',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': 'prove',
    'after headStart': '-', 'after nextStart': '-', 'after stable': 'stay', 'after trial': 'stay', 'after answer': upgrading,
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: '-',
  },
  'online.suspect': {
    connect: '-', reconnect: 'prove', close: 'closing', drained: '-',
    'try.proved': { contender: arrived }, 'try.lost': carrierOrRival, 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': arrived, 'network.hint': 'prove', 'network.offline': 'prove',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': 'prove',
    'after headStart': { untried: 'stay' }, 'after nextStart': '-', 'after stable': 'stay', 'after trial': '-', 'after answer': '-',
    'after suspicion': 'switching', 'after countdown': '-', 'after drain': '-', always: '-',
  },
  switching: {
    connect: '-', reconnect: '-', close: '-', drained: '-',
    'try.proved': '-', 'try.lost': '-', 'try.troubled': '-', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': '-', 'network.offline': '-',
    'page.hide': '-', 'page.show': '-', 'page.wake': '-',
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-',
    always: { proved: arrived, alone: 'waiting', otherwise: hedging },
  },
  waiting: {
    connect: '-', reconnect: headStart, close: 'closing', drained: '-',
    'try.proved': '-', 'try.lost': '-', 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': headStart, 'network.offline': 'offline',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': headStart,
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': headStart, 'after drain': '-', always: { offline: 'offline' },
  },
  offline: {
    connect: '-', reconnect: headStart, close: 'closing', drained: '-',
    'try.proved': '-', 'try.lost': '-', 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': headStart, 'network.offline': '-',
    'page.hide': 'parked', 'page.show': '-', 'page.wake': '-',
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': headStart, 'after drain': '-', always: '-',
  },
  parked: {
    connect: '-', reconnect: headStart, close: 'closing', drained: '-',
    'try.proved': '-', 'try.lost': '-', 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': '-', 'network.offline': '-',
    'page.hide': '-', 'page.show': headStart, 'page.wake': '-',
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: '-',
  },
  closing: {
    connect: '-', reconnect: '-', close: '-', drained: 'closed',
    'try.proved': '-', 'try.lost': { carrier: 'closed' }, 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': '-', 'network.offline': '-',
    'page.hide': 'closed', 'page.show': '-', 'page.wake': '-',
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': 'closed', always: '-',
  },
  closed: {
    connect: '-', reconnect: '-', close: '-', drained: '-',
    'try.proved': '-', 'try.lost': '-', 'try.troubled': '-', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': '-', 'network.offline': '-',
    'page.hide': '-', 'page.show': '-', 'page.wake': '-',
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: '-',
  },
  failed: {
    connect: '-', reconnect: headStart, close: 'closing', drained: '-',
    'try.proved': '-', 'try.lost': '-', 'try.troubled': 'stay', 'try.answered': '-',
    'link.suspect': '-', 'link.trusted': '-', 'network.hint': '-', 'network.offline': '-',
    'page.hide': '-', 'page.show': '-', 'page.wake': '-',
    'after headStart': '-', 'after nextStart': '-', 'after stable': '-', 'after trial': '-', 'after answer': '-',
    'after suspicion': '-', 'after countdown': '-', 'after drain': '-', always: '-',
  },
}

/** In these the machine never rests, so that no event finds it there. */
export const passing: readonly State[] = ['online.arrived', 'switching']
