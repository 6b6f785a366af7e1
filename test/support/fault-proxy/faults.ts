/** What can go wrong on the way. Every fault is data, so that a test, a benchmark or a page can name it. */
export interface Faults {
  /** One-way delay, both ways; a new connection costs one round trip more, as TCP's handshake does. */
  latencyMs: number
  /** Up to so much is added at random to the delay of each chunk; order is kept. */
  jitterMs: number
  /** Rate towards the client; 0 is unlimited. */
  throttleBytesPerSecond: number
  websocket: WebSocketFault
  stream: StreamFault
  post: PostFault
  block: BlockFault
}

/**
 * What happens to an upgrade request (tunnels that are already open are left alone; see `cut` and `stall` for those).
 * - `refuse`: answered with 403, or with the given status, and closed
 * - `swallow`: neither answered nor forwarded, the socket stays open
 * - `cut`: forwarded; destroyed right after the 101
 * - `silent`: the proxy itself answers a valid 101, then nothing either way; the server never hears of it
 * - `mute`: forwarded, but nothing comes down after the 101
 * - `delayMs`: forwarded only after that time
 */
export type WebSocketFault =
  | 'pass'
  | 'refuse'
  | 'swallow'
  | 'cut'
  | 'silent'
  | 'mute'
  | { refuse: number }
  | { delayMs: number }

/**
 * What happens to a `text/event-stream` response, one that is already open included.
 * - `buffer`: held back while the response is open; released when it ends or the fault goes
 * - `cut`: destroyed right after the head, or after so many bytes of the body
 */
export type StreamFault = 'pass' | 'buffer' | 'cut' | { cutAfterBytes: number }

/**
 * What happens to an upstream POST (see the option `isUpstreamPost`).
 * - `fail`: answered with 502, or with the given status, without reaching the server
 * - `swallow`: neither answered nor forwarded
 * - `lose-response`: the server gets it and answers; the connection is destroyed in place of the answer
 * - `maxBytes`: a longer body is answered with 413
 */
export type PostFault = 'pass' | 'fail' | 'swallow' | 'lose-response' | { fail: number } | { maxBytes: number }

/**
 * The whole network.
 * - `swallow`: nothing passes on any connection, old or new, until the fault goes; nobody is told
 * - `refuse`: present connections are reset, new ones too
 */
export type BlockFault = 'none' | 'swallow' | 'refuse'

export const noFaults: Readonly<Faults> = Object.freeze({
  latencyMs: 0,
  jitterMs: 0,
  throttleBytesPerSecond: 0,
  websocket: 'pass',
  stream: 'pass',
  post: 'pass',
  block: 'none',
})

type Rule = { words: readonly string[]; amounts: readonly string[] }

const rules: Record<keyof Faults, Rule | 'amount'> = {
  latencyMs: 'amount',
  jitterMs: 'amount',
  throttleBytesPerSecond: 'amount',
  websocket: { words: ['pass', 'refuse', 'swallow', 'cut', 'silent', 'mute'], amounts: ['refuse', 'delayMs'] },
  stream: { words: ['pass', 'buffer', 'cut'], amounts: ['cutAfterBytes'] },
  post: { words: ['pass', 'fail', 'swallow', 'lose-response'], amounts: ['fail', 'maxBytes'] },
  block: { words: ['none', 'swallow', 'refuse'], amounts: [] },
}

/** The faults with the change applied; throws a TypeError on anything unknown, since changes may come from a page. */
export function changeFaults(faults: Faults, change: Partial<Faults>): Faults {
  for (const [name, value] of Object.entries(change)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof Faults] : undefined
    if (!rule) throw new TypeError(`no such fault: ${name}`)
    if (!(rule === 'amount' ? isAmount(value) : follows(rule, value))) {
      throw new TypeError(`not a value for ${name}: ${JSON.stringify(value)}`)
    }
  }
  return { ...faults, ...change }
}

function follows(rule: Rule, value: unknown): boolean {
  if (typeof value === 'string') return rule.words.includes(value)
  if (typeof value !== 'object' || value === null) return false
  const [entry, ...more] = Object.entries(value)
  return entry !== undefined && more.length === 0 && rule.amounts.includes(entry[0]) && isAmount(entry[1])
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
