/** The clients of a soak, in a process of their own, with the model that judges what they see. */
import type { Connection } from '@holdfast/client'
import { connectTo, seeded } from '../support/world.ts'
import { answerCalls } from './calls.ts'
import { countHandles, heapMiB } from './gauges.ts'
import { createModel, type Mark } from './model.ts'

interface Client {
  readonly connection: Connection
  readonly subscription: ReturnType<ReturnType<typeof createModel>['subscriber']>
  stop(): void
  /** Publishes and requests that nobody has answered yet. */
  readonly pending: number
}

const clientsInRoom = 10
const publishMs = 2_000
const requestMs = 6_000

const model = createModel((line) => console.error(line))
const clients: Client[] = []

answerCalls({
  /** What a process keeps once it has been used, its handles before have too. */
  async warmUp(urls: readonly string[]) {
    for (const url of urls) {
      for (const transport of ['websocket', 'sse', 'poll'] as const) {
        const connection = connectTo(url, { transports: [transport] })
        await connection.topic('warm-up').publish(null)
        await connection.close()
      }
    }
  },
  start({ urls, seed }: { urls: readonly string[]; seed: number }) {
    for (const [who, url] of urls.entries()) clients.push(createClient(who, url, seeded(seed + who)))
  },
  stop() {
    for (const { stop } of clients) stop()
  },
  /** Who is not done, as lines to read; all are when it is empty. */
  undone: () =>
    clients.flatMap(({ connection, subscription, pending }) => {
      const { phase, state, transport } = connection.getState()
      const isDone = phase === 'online' && pending === 0 && subscription.isDone()
      return isDone ? [] : [`${subscription.at}: ${state} on ${transport}, ${pending} pending`]
    }),
  transports() {
    const counts: Record<string, number> = {}
    for (const { connection } of clients) {
      const { transport } = connection.getState()
      counts[`${transport}`] = (counts[`${transport}`] ?? 0) + 1
    }
    return counts
  },
  async close() {
    await Promise.all(clients.splice(0).map(({ connection }) => connection.close()))
  },
  tally: () => model.tally,
  heap: heapMiB,
  handles: countHandles,
})

function createClient(who: number, url: string, random: () => number): Client {
  const connection = connectTo(url)
  const room = `room-${Math.floor(who / clientsInRoom)}`
  const topic = connection.topic<Mark & { text: string }>(room, { from: 'start' })
  const subscription = model.subscriber(`client ${who}`, room)
  topic.events$.subscribe(subscription.take)
  connection.errors$.subscribe((error) => console.error(`client ${who}: ${error.code} ${error.message}`))
  let n = 0
  let pending = 0
  const stops = [often(publishMs, random, () => track(publish())), often(requestMs, random, () => track(request()))]

  async function publish(): Promise<void> {
    const mark = { who, n: n++, text: 'x'.repeat(Math.floor(random() * 300)) }
    await topic.publish(mark).then(
      (receipt) => model.accepted(room, mark, receipt),
      (error) => model.failed(room, mark, error),
    )
  }

  async function request(): Promise<void> {
    const mark = { who, n: n++ }
    const asked = `${who}.${mark.n}`
    await connection.request('echo', asked).then(
      (answer) => model.answered(asked, answer),
      (error) => model.failed('echo', mark, error),
    )
  }

  function track(action: Promise<void>): void {
    pending += 1
    void action.finally(() => {
      pending -= 1
    })
  }

  return {
    connection,
    subscription,
    stop() {
      for (const stop of stops) stop()
    },
    get pending() {
      return pending
    },
  }
}

/** Again and again, after pauses around the given one. Returns how to stop. */
function often(ms: number, random: () => number, run: () => void): () => void {
  let timer: NodeJS.Timeout
  const next = () => {
    timer = setTimeout(
      () => {
        run()
        next()
      },
      ms * (0.5 + random()),
    )
  }
  next()
  return () => clearTimeout(timer)
}
