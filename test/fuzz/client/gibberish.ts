import type { Dice } from '../dice.ts'
import type { Mutator } from '../mutate.ts'

/** What a server says that has gone mad: valid answers, some of them spoilt. */
export interface Gibberish {
  /** What comes down the link in answer to these lines, as a batch; null: nothing. */
  down(lines: readonly string[]): string | null
  /** What answers a POST of these lines. */
  aside(lines: readonly string[]): string
}

const closes = [
  ...[
    '["close",4004,"later","busy",2000]',
    '["close",4050,"session-lost","gone"]',
    '["close",4100,"shutting-down","x"]',
  ],
  ...[
    '["close",4200,"unauthenticated","x"]',
    '["close",4300,"version-unsupported","x"]',
    '["close",4003,"superseded","x"]',
  ],
]

/** @param spoils how likely it is that a batch is spoilt @param foreign frames of other servers */
export function createGibberish(dice: Dice, mutator: Mutator, spoils: number, foreign: readonly string[]): Gibberish {
  const offsets = new Map<string, number>()

  return {
    down(lines) {
      const frames = lines.flatMap(answers)
      if (dice.chance(0.15)) frames.push(entry(dice.pick([...offsets.keys(), 'prices'])), dice.pick(foreign))
      if (dice.chance(0.05)) frames.push(dice.pick(closes))
      return frames.length > 0 ? spoilt(frames) : null
    },
    aside(lines) {
      const frames = lines.flatMap(answers).filter((frame) => /^\["(receipt|reject|page)/.test(frame))
      return spoilt(frames.length > 0 ? frames : ['["heartbeat"]'])
    },
  }

  function spoilt(frames: readonly string[]): string {
    return dice.chance(spoils) ? mutator.batch(frames) : frames.join('\n')
  }

  function entry(topic: string, more = ''): string {
    const offset = (offsets.get(topic) ?? 0) + 1
    offsets.set(topic, offset)
    return `["entry",${JSON.stringify(topic)},"k3f9.${offset}",1763793973000,{"n":${offset}}${more}]`
  }

  function subscribed(topic: string, from: string): string[] {
    offsets.set(topic, 2)
    return [`["subscribed",${JSON.stringify(topic)},"k3f9.2",{"from":"${from}"}]`, entry(topic)]
  }

  function answers(line: string): string[] {
    const [kind, n, ...rest] = JSON.parse(line) as [string, number, ...unknown[]]
    if (kind === 'hello') {
      const { session, topics } = rest[0] as { session: string; topics: [string, string][] }
      return [
        `["welcome",1,{"session":"${session}","received":0,"user":"u","heartbeatMs":5000,"limits":{"messageBytes":262144,"batchBytes":524288,"window":1024}}]`,
        ...topics.flatMap(([topic, from]) => subscribed(topic, from)),
      ]
    }
    if (kind === 'ping') return [`["pong",${n}]`]
    if (kind === 'read') {
      return [
        `["page",${n},"k3f9.0",[["k3f9.1",1763793973000,{"n":1}],["k3f9.2",1763793973000,"AQID",null,"base64"]],true]`,
      ]
    }
    if (kind === 'subscribe') return [`["receipt",${n}]`, ...subscribed(...(rest as [string, string]))]
    if (kind === 'publish') return [`["receipt",${n},"k3f9.${n + 9}"]`]
    if (kind === 'request') return [`["receipt",${n}]`, entry('$inbox', `,"${dice.pick(['reply', 'error'])}.${n}"`)]
    return kind === 'skip' || kind === 'unsubscribe' ? [`["receipt",${n}]`] : []
  }
}
