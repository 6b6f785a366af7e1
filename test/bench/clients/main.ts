/** The process of all clients of one contestant: they are as cheap as can be, and the same whatever they are sent. */
import { connect, type Socket } from 'node:net'
import { answers } from '../harness/answers.ts'
import type { Ports } from '../servers/turns.ts'
import { kinds, type RawName } from './kinds.ts'
import { createPosts } from './posts.ts'
import { type Subscriber, subscribe } from './subscriber.ts'

export interface Opening extends Ports {
  readonly name: RawName
  readonly clients: number
  readonly topics: number
}

/** The least and the most that a client has had since the last count. */
export interface Counted {
  readonly min: number
  readonly max: number
}

const atOnce = 100
const beatMs = 4_000
const beatParts = 40

let subscribers: Subscriber[] = []
let control: Socket | null = null
let missing = 0
let before: number[] = []
let turn = 0
let beats = 0

answers({
  /** Until there are so many. */
  async open({ name, clients, topics, port, control: controlPort }: Opening): Promise<void> {
    if (!control) {
      control = connect({ host: '127.0.0.1', port: controlPort, noDelay: true })
      setInterval(beat, beatMs / beatParts)
    }
    const post = createPosts(port, '/realtime/send')
    while (subscribers.length < clients) {
      const from = subscribers.length
      const some = Array.from({ length: Math.min(atOnce, clients - from) }, (_, i) =>
        subscribe(port, kinds[name](from + i, topics), post, counted),
      )
      subscribers = [...subscribers, ...(await Promise.all(some))]
    }
    before = subscribers.map(() => 0)
  },
  /** Each client is about to get so many messages a turn. */
  expect(perTurn: number): void {
    turn = perTurn * subscribers.length
    missing = turn
  },
  count(): Counted {
    const since = subscribers.map(({ count }, i) => count - (before[i] ?? 0))
    before = subscribers.map(({ count }) => count)
    return { min: Math.min(...since), max: Math.max(...since) }
  },
})

/** A few at a time, as with clients that came at different times. */
function beat(): void {
  for (let i = beats++ % beatParts; i < subscribers.length; i += beatParts) subscribers[i]?.beat()
}

function counted(more: number): void {
  missing -= more
  if (missing > 0) return
  missing += turn
  control?.write('.')
}
