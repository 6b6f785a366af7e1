import type { Rule } from './rules.ts'

/** The common rules by one word each, as the switches of a page; `rulesOf` says what they mean. */
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
 * What happens to an upstream POST.
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

type Values = { words: readonly string[]; amounts: readonly string[] }

const values: Record<keyof Faults, Values | 'amount'> = {
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
    const known = Object.hasOwn(values, name) ? values[name as keyof Faults] : undefined
    if (!known) throw new TypeError(`no such fault: ${name}`)
    if (!(known === 'amount' ? isAmount(value) : follows(known, value))) {
      throw new TypeError(`not a value for ${name}: ${JSON.stringify(value)}`)
    }
  }
  return { ...faults, ...change }
}

export function rulesOf(faults: Faults): Rule[] {
  const { latencyMs, jitterMs, throttleBytesPerSecond, websocket, stream, post, block } = faults
  const rules: Rule[] = []
  if (block === 'swallow') rules.push({ do: 'stall' })
  if (block === 'refuse') rules.push({ do: 'cut' })
  if (latencyMs + jitterMs > 0) rules.push({ do: 'delay', ms: latencyMs, jitterMs })
  if (throttleBytesPerSecond > 0) {
    rules.push({ direction: 'down', do: 'throttle', bytesPerSecond: throttleBytesPerSecond })
  }
  return [...rules, ...websocketRules(websocket), ...streamRules(stream), ...postRules(post)]
}

function websocketRules(fault: WebSocketFault): Rule[] {
  const on = { on: 'websocket', fresh: true } as const
  if (typeof fault === 'object') {
    if ('refuse' in fault) return [{ ...on, do: 'refuse', status: fault.refuse }]
    return [{ ...on, direction: 'up', do: 'stall', forMs: fault.delayMs }]
  }
  const rules: Record<typeof fault, Rule[]> = {
    pass: [],
    refuse: [{ ...on, do: 'refuse', status: 403 }],
    swallow: [{ ...on, direction: 'up', do: 'drop' }],
    cut: [{ ...on, direction: 'down', afterBytes: 0, do: 'cut', how: 'end' }],
    silent: [{ ...on, do: 'refuse', status: 101 }],
    mute: [{ ...on, direction: 'down', afterBytes: 0, do: 'drop' }],
  }
  return rules[fault]
}

function streamRules(fault: StreamFault): Rule[] {
  if (fault === 'pass') return []
  if (fault === 'buffer') return [{ on: 'stream', do: 'buffer' }]
  const afterBytes = fault === 'cut' ? 0 : fault.cutAfterBytes
  return [{ on: 'stream', direction: 'down', afterBytes, do: 'cut', how: 'end' }]
}

function postRules(fault: PostFault): Rule[] {
  const on = { on: 'post', fresh: true } as const
  if (typeof fault === 'object') {
    if ('fail' in fault) return [{ ...on, do: 'refuse', status: fault.fail }]
    return [{ ...on, afterBytes: fault.maxBytes, do: 'refuse', status: 413 }]
  }
  const rules: Record<typeof fault, Rule[]> = {
    pass: [],
    fail: [{ ...on, do: 'refuse', status: 502 }],
    swallow: [{ ...on, direction: 'up', do: 'drop' }],
    'lose-response': [{ ...on, direction: 'down', do: 'cut' }],
  }
  return rules[fault]
}

function follows(known: Values, value: unknown): boolean {
  if (typeof value === 'string') return known.words.includes(value)
  if (typeof value !== 'object' || value === null) return false
  const [entry, ...more] = Object.entries(value)
  return entry !== undefined && more.length === 0 && known.amounts.includes(entry[0]) && isAmount(entry[1])
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
