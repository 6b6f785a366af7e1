/** The process of all clients of one contestant: they count, and inflate nothing. */
import { connect, type Socket } from 'node:net'
import { wireLimits } from '@holdfast/protocol'
import { type Conversation, kinds } from '../clients/kinds.ts'
import { textFrame } from '../clients/websocket.ts'
import { answers } from '../harness/answers.ts'
import type { Ports } from '../servers/turns.ts'
import { createFrameCounter } from './frame-counter.ts'
import { marker, payloadBytes } from './payloads.ts'
import type { ServerName } from './servers.ts'
import { type Subscriber, subscribe } from './subscriber.ts'

export interface Opening extends Ports {
  readonly name: ServerName
  readonly clients: number
}

/** Since the last count: the least and the most messages that a client has had, and the bytes of all. */
export interface Counted {
  readonly min: number
  readonly max: number
  readonly bytes: number
}

const conversations: Record<ServerName, (client: number, topics: number) => Conversation> = {
  'ws, plain': kinds['ws send'],
  'ws, deflate': kinds['ws send'],
  'Socket.IO, deflate': compressedSocketIo,
  'Holdfast, plain': kinds['Holdfast ws'],
  'Holdfast, compress': kinds['Holdfast ws'],
}
const atOnce = 100
const beatMs = 4_000
const acknowledgeEach = Math.floor(wireLimits.ackBytes / payloadBytes)

let subscribers: Subscriber[] = []
let control: Socket | null = null
let before: { messages: number; bytes: number }[] = []
let turn = 0
let missing = 0

answers({
  /** Until there are so many. */
  async open({ name, clients, port, control: controlPort }: Opening): Promise<void> {
    if (!control) {
      control = connect({ host: '127.0.0.1', port: controlPort, noDelay: true })
      setInterval(beat, beatMs)
    }
    while (subscribers.length < clients) {
      const from = subscribers.length
      const some = Array.from({ length: Math.min(atOnce, clients - from) }, (_, i) =>
        subscribe(port, conversations[name](from + i, 1), acknowledgeEach, counted),
      )
      subscribers = [...subscribers, ...(await Promise.all(some))]
    }
    remember()
  },
  /** Each says something; answers how many have something to say. */
  beat(): number {
    beat()
    return subscribers.filter(({ speaks }) => speaks).length
  },
  /** Each client is about to get so many messages a turn. */
  expect(perTurn: number): void {
    turn = perTurn * subscribers.length
    missing = turn
  },
  count(): Counted {
    const since = subscribers.map(({ messages, bytes }, i) => ({
      messages: messages - (before[i]?.messages ?? 0),
      bytes: bytes - (before[i]?.bytes ?? 0),
    }))
    remember()
    const each = since.map(({ messages }) => messages)
    return { min: Math.min(...each), max: Math.max(...each), bytes: since.reduce((sum, { bytes }) => sum + bytes, 0) }
  },
})

/** It compresses its greetings as well: they are told by their number. */
function compressedSocketIo(client: number, topics: number): Conversation {
  let greeted = 0
  return {
    ...kinds['Socket.IO'](client, topics),
    next(received) {
      const frames = Buffer.from(received.slice(received.indexOf('\r\n\r\n') + 4), 'latin1')
      const before = greeted
      greeted = createFrameCounter(marker)(frames)
      return before === 0 && greeted === 1 ? textFrame('40') : greeted === 2
    },
  }
}

function beat(): void {
  for (const subscriber of subscribers) subscriber.beat()
}

function remember(): void {
  before = subscribers.map(({ messages, bytes }) => ({ messages, bytes }))
}

function counted(more: number): void {
  missing -= more
  if (missing > 0) return
  missing += turn
  control?.write('.')
}
