import type { Direction, FaultProxy, Rule } from '../support/fault-proxy/index.ts'

/** What a client's network is at best. */
export type Climate = 'websocket' | 'sse' | 'poll' | 'changing'

export const climates: readonly Climate[] = ['websocket', 'sse', 'poll', 'changing']

const noWebSocket: Rule = { on: 'websocket', do: 'refuse', status: 403 }
const noStream: Rule = { on: 'stream', do: 'buffer' }

const calm = { minMs: 2_000, maxMs: 12_000 }
const storm = { minMs: 300, maxMs: 6_000 }

/** Breaks one client's network now and then, and mends it again, until it is stopped. */
export function createWeather(port: FaultProxy, climate: Climate, random: () => number): { stop(): void } {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T
  const between = ({ minMs, maxMs }: typeof calm) => minMs + random() * (maxMs - minMs)
  let timer: NodeJS.Timeout

  function base(): Rule[] {
    if (climate === 'websocket' || (climate === 'changing' && random() < 0.5)) return []
    return climate === 'poll' ? [noWebSocket, noStream] : [noWebSocket]
  }

  function fairTime(): void {
    port.resume()
    port.use(base())
    timer = setTimeout(foulTime, between(calm))
  }

  function foulTime(): void {
    const fault = pick(faults)(random, pick)
    if (typeof fault === 'function') fault(port)
    else port.use([...fault, ...port.rules])
    timer = setTimeout(fairTime, between(storm))
  }

  fairTime()
  return { stop: () => clearTimeout(timer) }
}

type Fault = (
  random: () => number,
  pick: <T>(list: readonly T[]) => T,
) => readonly Rule[] | ((port: FaultProxy) => unknown)

const ways: readonly (Direction | undefined)[] = ['up', 'down', undefined]
const oneWay = (direction: Direction | undefined) => (direction ? { direction } : {})

const faults: readonly Fault[] = [
  (random) => [{ do: 'delay', ms: 20 + random() * 300, jitterMs: random() * 100 }],
  (random) => [{ direction: 'down', do: 'throttle', bytesPerSecond: 5_000 + random() * 50_000 }],
  (_, pick) => {
    const [how, notice] = [pick(['reset', 'end'] as const), pick(['client', 'server', 'both'] as const)]
    return (port) => port.cut({ how, notice })
  },
  (random, pick) => [{ ...oneWay(pick(ways)), afterBytes: Math.floor(random() * 3_000), do: 'cut' }],
  (_, pick) => [{ ...oneWay(pick(ways)), do: 'stall' }],
  (_, pick) => {
    const direction = pick(['up', 'down', 'both'] as const)
    return (port) => port.stall({ direction })
  },
  () => [{ on: 'http', probability: 0.5, do: 'refuse', status: 503 }],
  () => [{ do: 'refuse', status: 'reset' }],
  () => [{ on: ['stream', 'poll'], do: 'buffer' }],
  (_, pick) => [{ on: 'websocket', ...oneWay(pick(ways)), do: 'drop' }],
  (_, pick) => [{ on: ['post', 'poll'], ...oneWay(pick(ways)), probability: 0.5, fresh: true, do: 'drop' }],
  () => [{ on: ['post', 'poll'], direction: 'down', probability: 0.5, fresh: true, do: 'cut' }],
  // Up, the hub would call it malformed, and that is final: only a broken client sends such things.
  () => [{ on: 'websocket', direction: 'down', probability: 0.5, do: 'corrupt' }],
]
