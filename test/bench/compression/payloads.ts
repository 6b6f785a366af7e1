import { seeded } from '../../support/seeded.ts'

/** About 1.5 kB of JSON each, as a topic of its kind has them. */
export type PayloadName = 'prices' | 'chat'

export interface Payload {
  readonly n: number
}

/** In each payload once, and nowhere else on the wire. */
export const marker = '"n":'
export const payloadBytes = 1_500

const random = seeded(1)
const below = (n: number) => Math.floor(random() * n)
const money = (most: number) => Number((random() * most).toFixed(2))

const words =
  'the of to and a in is it you that he was for on are with as I his they be at one have this from or had by hot but some what there we can out other were all your when up use word how said an each she which do their time if will way about many then them would write like so these her long make thing see him two has look more day could go come did my sound no most number who over know water than call first people may down side been now find'.split(
    ' ',
  )
const symbols = Array.from({ length: 500 }, () =>
  Array.from({ length: 4 }, () => String.fromCharCode(65 + below(26))).join(''),
)
const names = ['Ada', 'Grace', 'Linus', 'Margaret', 'Edsger', 'Barbara']

const makers: Record<PayloadName, (n: number) => object> = {
  prices: () => ({
    rows: Array.from({ length: 20 }, () => ({
      symbol: symbols[below(symbols.length)],
      bid: money(500),
      ask: money(500),
      volume: below(1_000_000),
      change: money(10),
    })),
  }),
  chat: (n) => ({
    messages: Array.from({ length: 11 }, (_, i) => ({
      id: below(2 ** 31).toString(36),
      from: names[below(names.length)],
      at: 1_763_793_973_000 + n * 1_000 + i,
      text: Array.from({ length: 8 + below(14) }, () => words[below(words.length)]).join(' '),
    })),
  }),
}

/** So many different ones, made before anything is measured, that no window of a deflater remembers the last of its kind. */
const kept = 200
const pools = new Map<PayloadName, readonly object[]>()

export function createPayload(name: PayloadName, n: number): Payload {
  const pool = pools.get(name) ?? Array.from({ length: kept }, (_, i) => makers[name](i))
  pools.set(name, pool)
  return { n, ...pool[n % kept] }
}
