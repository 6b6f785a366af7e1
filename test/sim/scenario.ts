import type { Tells, Weather } from './access.ts'
import { createDice, type Dice } from './dice.ts'
import type { Start, TopicSetup } from './watch.ts'

/** A bad day: how the world begins, and what happens when. Plain data, so that it can be kept and made shorter. */
export interface Scenario {
  readonly seed: number
  readonly setup: Setup
  readonly steps: readonly Step[]
}

export interface Setup {
  readonly apps: number
  readonly nodes: number
  readonly topics: readonly TopicSetup[]
  /** Of each app, in order of preference. */
  readonly transports: readonly (readonly string[])[]
  /** 0: the broker answers at once. */
  readonly brokerMs: number
  /** 0: the hooks answer at once; else by promises, after up to so long. */
  readonly hookMs: number
  /** A client's requests go to any node, not to the one that it used last. */
  readonly wanders: boolean
  readonly sessionTtlMs: number
  readonly inFlightBytes: number
  readonly bufferBytes: number
  /** For how long things go wrong. */
  readonly badMs: number
  /** Waits until everyone is back on the best transport. */
  readonly climbs: boolean
}

export type Step = { readonly at: number } & Deed

/** Which app, node or topic: any number, taken modulo how many there are. */
export type Deed =
  | { do: 'publish'; app: number; topic: number; count: number; fill: number }
  | { do: 'request'; app: number; fails: boolean }
  | { do: 'tell'; node: number; topic: number; count: number; fill: number }
  | { do: 'send'; app: number; count: number }
  | { do: 'subscribe'; app: number; topic: number; from: Start }
  | { do: 'unsubscribe'; app: number; which: number }
  | { do: 'store'; app: number; topic: number }
  | { do: 'stop'; app: number; topic: number; ms: number }
  | ({ do: 'weather'; app: number; cuts: boolean } & Partial<Weather>)
  | { do: 'way'; app: number; latencyMs: number; jitterMs: number; upBytesPerMs: number; downBytesPerMs: number }
  | { do: 'clear'; app: number }
  | { do: 'cut'; app: number; tells: Tells }
  | { do: 'deaden'; app: number; direction: 'up' | 'down' | 'both' }
  | { do: 'hold'; app: number; direction: 'up' | 'down'; ms: number }
  | { do: 'sleep'; app: number; ms: number; paused: boolean }
  | { do: 'jump'; app: number; ms: number }
  | { do: 'hide'; app: number; ms: number }
  | { do: 'blink'; app: number }
  | { do: 'offline'; app: number; ms: number; cuts: boolean }
  | { do: 'reconnect'; app: number }
  | { do: 'reload'; app: number }
  | { do: 'token'; app: number; mode: 'throws' | 'expired'; ms: number }
  | { do: 'disconnect'; app: number; code: 'disconnected' | 'token-expired' | 'later' }
  | { do: 'revoke'; app: number; topic: number }
  | { do: 'forbid'; topic: number; ms: number }
  | { do: 'crash'; node: number; ms: number; silent: boolean }
  | { do: 'restart'; node: number }
  | { do: 'forget'; ms: number }
  | { do: 'broker'; ms: number; probability: number; certain: boolean }

const modes: { [K in keyof Weather]: readonly Weather[K][] } = {
  websocket: ['pass', 'refuse', 'swallow', 'cut', 'mute', 'flap'],
  stream: ['pass', 'pass', 'refuse', 'swallow', 'buffer', 'strange'],
  poll: ['pass', 'pass', 'refuse', 'swallow', 'lose-answer'],
  post: ['pass', 'refuse', 'swallow', 'lose-request', 'lose-answer', 'twice', 'again-late', 'small'],
}

/** Draws a bad day. Only some kinds of trouble come in each, so that they come often enough to meet. */
export function drawScenario(seed: number): Scenario {
  const dice = createDice(seed)
  const setup = drawSetup(dice)
  const kinds = Object.keys(troubles) as (keyof typeof troubles)[]
  const share = dice.between(0.15, 0.6)
  // What makes connections change their transport is what most days are about.
  const likelihood = (kind: string) =>
    kind === 'websocket' ? 0.7 : kind === 'reconnect' || kind === 'cut' ? 0.5 : share
  const chosen = kinds.filter((kind) => dice.chance(likelihood(kind)))
  const often = chosen.includes('websocket') ? ['websocket', 'websocket', ...chosen] : chosen
  const steps: Step[] = []
  for (let app = 0; app < setup.apps; app++) {
    for (let count = 1 + dice.pick(3); count > 0; count--)
      steps.push({ at: dice.pick(500), ...drawSubscribe(dice, app) })
    if (dice.chance(0.4)) steps.push({ at: dice.pick(500), do: 'store', app, topic: some(dice) })
  }
  const calm = dice.of([0.4, 0.6, 0.8])
  const every = setup.badMs / dice.of([10, 25, 60])
  for (let at = 0; at < setup.badMs; at += Math.ceil(dice.between(0, 2 * every))) {
    const quiet = chosen.length === 0 || dice.chance(calm)
    const deed = quiet ? drawTraffic(dice) : troubles[dice.of(often) as keyof typeof troubles](dice)
    steps.push({ at, ...deed })
  }
  return { seed, setup, steps: steps.sort((a, b) => a.at - b.at) }
}

function drawSetup(dice: Dice): Setup {
  const apps = 1 + dice.pick(3)
  const topics = Array.from({ length: 1 + dice.pick(3) }, (_, index): TopicSetup => {
    const conflate = dice.chance(0.2)
    const count = conflate ? 1_000 : dice.of([3, 10, 1_000])
    return { name: `t${index}`, count, conflate, snapshot: dice.chance(0.3) }
  })
  return {
    apps,
    nodes: 1 + dice.pick(3),
    topics,
    transports: Array.from({ length: apps }, () =>
      dice.of([
        ...Array.from({ length: 8 }, () => ['websocket', 'sse', 'poll']),
        ['websocket', 'poll'],
        ['sse', 'poll'],
        ['websocket'],
        ['sse'],
        ['poll'],
      ]),
    ),
    brokerMs: dice.chance(0.4) ? dice.of([2, 10, 40]) : 0,
    hookMs: dice.chance(0.3) ? dice.of([1, 30, 300]) : 0,
    wanders: dice.chance(0.4),
    sessionTtlMs: dice.of([4_000, 20_000, 120_000]),
    inFlightBytes: dice.of([500, 8_000, 1_000_000]),
    bufferBytes: dice.of([4_000, 1_000_000]),
    badMs: dice.of([500, 2_000, 6_000, 20_000]),
    climbs: dice.chance(0.05),
  }
}

const some = (dice: Dice) => dice.pick(1_000)

function drawTraffic(dice: Dice): Deed {
  const fill = dice.chance(0.1) ? dice.pick(5_000) : dice.pick(40)
  const count = dice.chance(0.1) ? 5 + dice.pick(15) : 1 + dice.pick(2)
  const roll = dice.pick(20)
  if (roll < 8) return { do: 'publish', app: some(dice), topic: some(dice), count, fill }
  if (roll < 15) return { do: 'tell', node: some(dice), topic: some(dice), count, fill }
  if (roll < 17) return { do: 'request', app: some(dice), fails: dice.chance(0.2) }
  if (roll < 18) return { do: 'send', app: some(dice), count: 1 + dice.pick(3) }
  if (roll < 19) return drawSubscribe(dice, some(dice))
  if (dice.chance(0.3)) return { do: 'stop', app: some(dice), topic: some(dice), ms: dice.between(0, 5_000) }
  return { do: 'unsubscribe', app: some(dice), which: some(dice) }
}

const drawSubscribe = (dice: Dice, app: number): Deed => ({
  do: 'subscribe',
  app,
  topic: some(dice),
  from: dice.of(['live', 'live', 'start', 'last', 'cursor', 'snapshot']),
})

const troubles = {
  websocket: (dice) => ({
    do: 'weather',
    app: some(dice),
    cuts: dice.chance(0.6),
    websocket: dice.of(modes.websocket),
  }),
  stream: (dice) => ({ do: 'weather', app: some(dice), cuts: dice.chance(0.6), stream: dice.of(modes.stream) }),
  poll: (dice) => ({ do: 'weather', app: some(dice), cuts: dice.chance(0.6), poll: dice.of(modes.poll) }),
  post: (dice) => ({ do: 'weather', app: some(dice), cuts: dice.chance(0.2), post: dice.of(modes.post) }),
  way: (dice) => ({
    do: 'way',
    app: some(dice),
    latencyMs: dice.of([1, 20, 80, 300]),
    jitterMs: dice.of([0, 5, 100]),
    upBytesPerMs: dice.of([0, 0, 1, 20]),
    downBytesPerMs: dice.of([0, 0, 1, 20]),
  }),
  clear: (dice) => ({ do: 'clear', app: some(dice) }),
  cut: (dice) => ({ do: 'cut', app: some(dice), tells: dice.of(['both', 'both', 'client', 'server']) }),
  deaden: (dice) => ({ do: 'deaden', app: some(dice), direction: dice.of(['up', 'down', 'both']) }),
  hold: (dice) => ({
    do: 'hold',
    app: some(dice),
    direction: dice.of(['up', 'down']),
    ms: dice.between(50, dice.of([500, 4_000, 15_000])),
  }),
  sleep: (dice) => ({
    do: 'sleep',
    app: some(dice),
    ms: dice.between(100, dice.of([2_000, 10_000, 60_000])),
    paused: dice.chance(0.5),
  }),
  jump: (dice) => ({ do: 'jump', app: some(dice), ms: dice.of([-3_600_000, -500, 500, 5_000, 3_600_000]) }),
  hide: (dice) => ({ do: 'hide', app: some(dice), ms: dice.between(0, dice.of([500, 8_000, 30_000])) }),
  blink: (dice) => ({ do: 'blink', app: some(dice) }),
  offline: (dice) => ({ do: 'offline', app: some(dice), ms: dice.between(10, 8_000), cuts: dice.chance(0.7) }),
  reconnect: (dice) => ({ do: 'reconnect', app: some(dice) }),
  reload: (dice) => ({ do: 'reload', app: some(dice) }),
  token: (dice) => ({
    do: 'token',
    app: some(dice),
    mode: dice.of(['throws', 'expired']),
    ms: dice.between(100, 5_000),
  }),
  disconnect: (dice) => ({
    do: 'disconnect',
    app: some(dice),
    code: dice.of(['disconnected', 'token-expired', 'later']),
  }),
  revoke: (dice) => ({ do: 'revoke', app: some(dice), topic: some(dice) }),
  forbid: (dice) => ({ do: 'forbid', topic: some(dice), ms: dice.between(10, 2_000) }),
  crash: (dice) => ({
    do: 'crash',
    node: some(dice),
    ms: dice.between(10, dice.of([500, 8_000])),
    silent: dice.chance(0.3),
  }),
  restart: (dice) => ({ do: 'restart', node: some(dice) }),
  forget: (dice) => ({ do: 'forget', ms: dice.between(10, 3_000) }),
  broker: (dice) => ({
    do: 'broker',
    ms: dice.between(50, 3_000),
    probability: dice.of([0.05, 0.3, 1]),
    certain: dice.chance(0.5),
  }),
} satisfies { [K in string]: (dice: Dice) => Deed }
