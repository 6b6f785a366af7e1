/**
 * What an exchange is: by its request first, and a `stream` as soon as its response is a `text/event-stream`.
 * `post`: upstream messages; `poll`: a long poll; `other`: all the rest of HTTP.
 */
export type Kind = 'websocket' | 'stream' | 'post' | 'poll' | 'other'

/** `http` is every kind but `websocket`. */
export type On = Kind | 'http'

/** `up`: from the client. */
export type Direction = 'up' | 'down'

/** What a rule is for; all that is given must hold. */
export interface Match {
  /** Default: everything, connections on which nothing was asked yet included. */
  readonly on?: On | readonly On[]
  /** Of one named port alone. */
  readonly port?: string
  /** The nth connection of its port, from 1. */
  readonly connection?: number
  /** Default: both. */
  readonly direction?: Direction
  /** From the byte after so many in that direction on, heads not counted; 0 lets the head through, and no more. */
  readonly afterBytes?: number
  /** From so long after the exchange began. */
  readonly afterMs?: number
  /** Drawn once for each exchange; a WebSocket is one exchange. Default 1. */
  readonly probability?: number
  /** Leaves alone what had begun before the rule was set. */
  readonly fresh?: boolean
}

export type Action =
  /** Each chunk comes later; a new connection costs one round trip more, as TCP's handshake does. Order is kept. */
  | { readonly do: 'delay'; readonly ms: number; readonly jitterMs?: number }
  | { readonly do: 'throttle'; readonly bytesPerSecond: number }
  /** Nothing passes, not even an end, and nobody is told; what was held goes on when the rule goes, or after `forMs`. */
  | { readonly do: 'stall'; readonly forMs?: number }
  /** Answers are held back until they are complete, or the rule goes; `down` alone. */
  | { readonly do: 'buffer' }
  /** What comes is thrown away, to the end of the exchange. A request that is dropped never reaches the server. */
  | { readonly do: 'drop' }
  /** The connection is closed on both sides, by RST (the default) or FIN. */
  | { readonly do: 'cut'; readonly how?: 'reset' | 'end' }
  /** One byte of each chunk is damaged, heads excepted: its highest bit, so that no text stays valid UTF-8. */
  | { readonly do: 'corrupt' }
  /**
   * The proxy answers in the server's place. `reset`: by a RST. 101 accepts a WebSocket that no server knows of, and then says
   * nothing. With `afterBytes` only a request with a longer body, which then is answered on a connection that lives on.
   */
  | { readonly do: 'refuse'; readonly status: number | 'reset' }

/** Plain data, so that a test, a benchmark or a page can say it. */
export type Rule = Match & Action

export type RuleOf<Name extends Rule['do']> = Extract<Rule, { do: Name }>

type Check = (value: unknown) => boolean
type Checks = Record<string, Check>

const kinds = ['websocket', 'stream', 'post', 'poll', 'other', 'http']

const isAmount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isStatus: Check = (value) => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599
const isOneOf =
  (...words: unknown[]): Check =>
  (value) =>
    words.includes(value)

const matches: Checks = {
  on: (value) => (Array.isArray(value) ? value : [value]).every(isOneOf(...kinds)),
  port: (value) => typeof value === 'string',
  connection: (value) => Number.isInteger(value) && Number(value) >= 1,
  direction: isOneOf('up', 'down'),
  afterBytes: isAmount,
  afterMs: isAmount,
  probability: (value) => isAmount(value) && Number(value) <= 1,
  fresh: isOneOf(true, false),
}

const actions: Record<Rule['do'], Checks> = {
  delay: { ms: isAmount, jitterMs: isAmount },
  throttle: { bytesPerSecond: (value) => isAmount(value) && Number(value) > 0 },
  stall: { forMs: isAmount },
  buffer: {},
  drop: {},
  cut: { how: isOneOf('reset', 'end') },
  corrupt: {},
  refuse: { status: (value) => value === 'reset' || isStatus(value) },
}

const required: Partial<Record<Rule['do'], string>> = { delay: 'ms', throttle: 'bytesPerSecond', refuse: 'status' }

/** The same rules; throws a TypeError on anything unknown, since they may come from a page. */
export function checkRules(rules: unknown): readonly Rule[] {
  if (!Array.isArray(rules)) throw new TypeError('rules are a list')
  for (const rule of rules) checkRule(rule)
  return rules
}

function checkRule(rule: unknown): void {
  const fields: Record<string, unknown> = { ...(rule as object) }
  const name = fields.do as Rule['do']
  if (!Object.hasOwn(actions, name)) throw new TypeError(`no such action: ${JSON.stringify(rule)}`)
  const checks: Checks = { ...matches, ...actions[name], do: () => true }
  const needed = required[name]
  if (needed && fields[needed] === undefined) throw new TypeError(`${name} needs ${needed}: ${JSON.stringify(rule)}`)
  for (const [field, value] of Object.entries(fields)) {
    const check = Object.hasOwn(checks, field) ? checks[field] : undefined
    if (!check?.(value)) throw new TypeError(`not for ${name}: ${field} ${JSON.stringify(value)}`)
  }
}

export function isOn(on: Match['on'], kind: Kind | null): boolean {
  if (on === undefined) return true
  if (kind === null) return false
  const list = typeof on === 'string' ? [on] : on
  return list.includes(kind) || (kind !== 'websocket' && list.includes('http'))
}
