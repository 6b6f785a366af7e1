import { type Clock, systemClock } from './clock.ts'
import type { Transport } from './transports/transport.ts'

export interface Storage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** Where hints of the network and the page come from: `window` in a browser. */
export interface PageLike {
  addEventListener(type: string, listener: (event: object) => void, options: { signal: AbortSignal }): void
  readonly navigator?: { readonly onLine?: boolean; sendBeacon?(url: string, text: string): boolean } | undefined
  readonly document?: (PageLike & { readonly visibilityState?: string }) | undefined
}

export interface CoreOptions {
  /** In order of preference. */
  readonly transports: readonly Transport[]
  /** Asked once an attempt; may be a fixed string. Default: none. */
  readonly token?: string | (() => string | Promise<string>)
  /** Remembers what worked on this network. Default: `localStorage` in browsers, else null. */
  readonly storage?: Storage | null
  /** Default: the global timers and Date. */
  readonly clock?: Clock
  /** In [0, 1): ids, secrets and jitter are drawn from it. Default: `crypto.getRandomValues`. */
  readonly random?: () => number
  /** Default: `window` in a browser, else null. */
  readonly page?: PageLike | null
  readonly outbox?: Partial<OutboxLimits>
  readonly timing?: Partial<Timing>
}

export interface OutboxLimits {
  /** Messages that wait or are unacknowledged. */
  readonly maxCount: number
  readonly maxBytes: number
  /** At a limit: `reject` the new one with `queue-full`, or `drop-oldest`, which rejects the oldest that was never handed over. */
  readonly overflow: 'reject' | 'drop-oldest'
}

export const defaultOutbox: OutboxLimits = { maxCount: 10_000, maxBytes: 16 * 1024 * 1024, overflow: 'reject' }

/** What the connection waits for, in ms. */
export interface Timing {
  /** What the first transport is given before the next one starts beside it, where nothing was learned yet. */
  readonly headStartMs: number
  /** What the last one started is given before the one after it starts too. */
  readonly nextStartMs: number
  /** A handshake that is not proved after this is given up. */
  readonly handshakeMs: number
  /** The first retry after a loss comes within this. */
  readonly firstRetryMs: number
  /** Backoff: full jitter under `backoffMs` times 2 to the number of failed rounds, capped, and by twice the time without a link. */
  readonly backoffMs: number
  readonly backoffCapMs: number
  /** Online for this long resets the backoff and the suspicion of flapping. */
  readonly stableMs: number
  /** On a lesser transport: the pause before a better one is tried; it doubles up to the cap. */
  readonly probeMs: number
  readonly probeCapMs: number
  /** A transport that was lost quickly three times in a row, or that never answered, must hold beside the present one for this long. */
  readonly trialMs: number
  /** A suspect link without any sign of life is given up after this; so is one that has held on trial, and does not answer. */
  readonly suspectMs: number
  /** Offline by the browser's word: tried all the same, this often, because that word may be wrong. */
  readonly offlineProbeMs: number
  /** What worked on this network is believed for this long. */
  readonly rememberMs: number
}

export const defaultTiming: Timing = {
  headStartMs: 200,
  nextStartMs: 700,
  handshakeMs: 10_000,
  firstRetryMs: 100,
  backoffMs: 500,
  backoffCapMs: 20_000,
  stableMs: 5_000,
  probeMs: 5_000,
  probeCapMs: 300_000,
  trialMs: 4_000,
  suspectMs: 4_000,
  offlineProbeMs: 15_000,
  rememberMs: 600_000,
}

const systemRandom = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32

export interface Settings {
  /** The hub's address, http(s), without a trailing slash, query or fragment. */
  readonly url: string
  readonly transports: readonly Transport[]
  readonly token?: CoreOptions['token']
  readonly storage: Storage | null
  readonly clock: Clock
  readonly random: () => number
  readonly page: PageLike | null
  readonly outbox: OutboxLimits
  readonly timing: Timing
}

/** The options with their defaults. */
export function settle(
  url: string,
  {
    storage = systemStorage(),
    clock = systemClock,
    random = systemRandom,
    page = systemPage(),
    outbox,
    timing,
    ...rest
  }: CoreOptions,
): Settings {
  return {
    ...rest,
    url: baseOf(url),
    storage,
    clock,
    random,
    page,
    outbox: { ...defaultOutbox, ...outbox },
    timing: { ...defaultTiming, ...timing },
  }
}

function baseOf(url: string): string {
  const here = (globalThis as { location?: { href: string } }).location?.href
  const { origin, pathname } = new URL(url, here)
  return origin.replace(/^ws/, 'http') + pathname.replace(/\/+$/, '')
}

const systemPage = () => (globalThis as { window?: PageLike & { readonly localStorage: Storage } }).window ?? null

function systemStorage(): Storage | null {
  try {
    return systemPage()?.localStorage ?? null
  } catch {
    // A page in a sandbox, or with storage forbidden, throws at the mere access.
    return null
  }
}
