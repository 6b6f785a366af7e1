import { readFileSync } from 'node:fs'
import { offerHello } from '@holdfast/protocol'
import type { Dice } from './dice.ts'

const source = (path: string) => readFileSync(new URL(`../../packages/protocol/${path}`, import.meta.url), 'utf8')
const protocol = source('PROTOCOL.md')

/** The examples of PROTOCOL.md whose block has this mark. */
export const vectors = (mark: 'up' | 'down' | 'malformed up' | 'malformed down'): string[] =>
  [...protocol.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === mark)
    .flatMap(([, , body = '']) => body.trim().split('\n'))

/** Codes of frames that answer one frame. */
export const rejectCodes: ReadonlySet<string> = new Set(
  [
    ...(/\nCodes of `reject`, `refused` and `unread`:([\s\S]*?)\n\n/.exec(protocol)?.[1] ?? '').matchAll(
      /`([a-z-]+)`/g,
    ),
  ].map(([, code]) => code!),
)

/** Every code that Holdfast has. */
export const knownCodes: ReadonlySet<string> = new Set(
  [...source('src/codes.ts').matchAll(/^ {2}(?:\| )?'?([a-z-]+)'?(?:: \{|$)/gm)].map(([, code]) => code!),
)

export const topicNames = ['prices', 'chat', 'board', 'pictures', 'checked', 'secrets', 'a b/é'] as const
const froms = ['live', 'start', 'last-20', 'last-1', 'k3f9.42', 'k3f9.0']
const payloads = ['{"text":"hello"}', '1', 'null', '"x"', '[1,{"a":[]}]', '{"symbol":"A","bid":1}', '""']

/** One client's side of a conversation, all of it valid. */
export interface Conversation {
  readonly id: string
  readonly secret: string
  hello(link?: number, mode?: 'new' | 'resume'): string
  /** What begins each POST. */
  session(link?: number): string
  poll(): string
  /** The next frames, with their numbers. */
  frames(count: number): string[]
}

export function createConversation(dice: Dice): Conversation {
  const id = draw(dice)
  const secret = draw(dice)
  let n = 0
  let ids = 0

  const list = () =>
    JSON.stringify([
      ['$inbox', 'start'],
      ...Array.from({ length: dice.below(3) }, () => [dice.pick(topicNames), dice.pick(froms)]),
    ])
  const topic = () => JSON.stringify(dice.pick(topicNames))
  const kinds = [
    () => `["subscribe",${++n},${topic()},"${dice.pick(froms)}"]`,
    () => `["unsubscribe",${++n},${topic()}]`,
    () => `["publish",${++n},${topic()},${dice.pick(payloads)}]`,
    () => `["publish",${++n},${topic()},"AQID","base64"]`,
    () => `["request",${++n},"${dice.pick(['echo', 'fail', 'say', 'wait'])}",${dice.pick(payloads)}]`,
    () => `["skip",${++n}]`,
    () => `["read",${++ids},${topic()},"${dice.pick(['start', 'last-20', 'k3f9.42'])}",${dice.below(50)}]`,
    () => `["ack",[[${topic()},"k3f9.57"],["$inbox","i1.8"]]]`,
    () => `["ping",${++ids}]`,
  ]

  return {
    id,
    secret,
    hello(link = 1, mode = 'new') {
      const token = dice.chance(0.3) ? ',"token":"t"' : ''
      return `["hello",1,{"session":"${id}","secret":"${secret}","link":${link},"mode":"${mode}"${token},"topics":${list()}}]`
    },
    session: (link = 1) => `["session","${id}","${secret}",${link}]`,
    poll: () => `["poll",${list()}]`,
    frames: (count) => Array.from({ length: count }, () => (dice.chance(0.03) ? '["bye"]' : dice.pick(kinds)())),
  }
}

/** How a WebSocket offers this hello. */
export const offered = (hello: string): readonly string[] => offerHello(hello).protocols

// 22 characters of base64url's alphabet.
const draw = (dice: Dice): string => half(dice) + half(dice)
const half = (dice: Dice): string =>
  dice
    .below(2 ** 32)
    .toString(36)
    .padStart(11, 'A')
