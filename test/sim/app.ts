import { type Connection, connect, poll, sse, type TopicEvent, websocket } from '@holdfast/client/core'
import type { Subscription } from 'rxjs'
import type { WebSocketClass } from '../../packages/client/src/transports/websocket.ts'
import type { Access } from './access.ts'
import { type Calls, createCalls } from './calls.ts'
import type { Computer } from './computer.ts'
import type { Dice } from './dice.ts'
import { createFetch } from './fetch.ts'
import type { Report } from './harm.ts'
import { createInboxWatch, type InboxWatch } from './inbox-watch.ts'
import { createPage, type Page } from './page.ts'
import { createProofs } from './proofs.ts'
import { openSocket } from './socket.ts'
import { createStarts, type Starts } from './starts.ts'
import { createStoreWatch, type StoreWatch } from './store-watch.ts'
import type { Tap } from './tap.ts'
import type { Time } from './time.ts'
import type { Mark, Truth } from './truth.ts'
import { createWatch, type Start, type TopicSetup, type Watch } from './watch.ts'

export const outboxCount = 25
const base = 'http://sim/realtime'

export interface AppParts {
  readonly name: string
  readonly time: Time
  readonly dice: Dice
  readonly computer: Computer
  readonly access: Access
  readonly truth: Truth
  readonly transports: readonly string[]
  /** The longest buffer that a hub may have for one connection. */
  readonly mostBuffered: number
  readonly sessionTtlMs: number
  report: Report
  note(text: string): void
  token(): string
}

/** One user's page with a connection, who subscribes and sends, and checks all that it is told. */
export interface App {
  readonly name: string
  readonly computer: Computer
  readonly access: Access
  readonly page: Page
  readonly connection: Connection
  readonly watches: readonly Watch[]
  /** By topic: what is published to it goes through its store. */
  readonly stores: ReadonlyMap<string, StoreWatch>
  readonly inbox: InboxWatch
  /** Holds a topic's state in a store, from now on. */
  hold(topic: TopicSetup): void
  subscribe(topic: TopicSetup, from: Start): void
  unsubscribe(which: number): void
  publish(topic: TopicSetup, fill: number, key: string): void
  request(fails: boolean): void
  /** The page is loaded anew: another connection, which goes on at the cursors. */
  reload(): void
  /** A connection that failed is told to try again, and what it has ended is begun again. */
  revive(): void
  close(drainMs: number): Promise<void>
  /** What it has sent is settled, and its former connections are closed. */
  readonly settled: boolean
  /** Checks that all came, and that nothing is left. */
  finish(): void
}

interface Listening {
  readonly watch: Watch
  subscription: Subscription | null
  /** The connection has failed under it. */
  ended: boolean
}

export function createApp(parts: AppParts): App {
  const { name, time, dice, computer, access, truth, report, note } = parts
  const page = createPage()
  const stored = new Map<string, string>()
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  }
  const calls: Calls = createCalls(truth, report, (text) => note(text))
  let life = 0
  let closing = 0
  let order = 0
  let last = 0
  let listening: Listening[] = []
  const stores = new Map<string, StoreWatch>()
  let starts: Starts
  let inbox: InboxWatch
  let connection = open()

  function open(): Connection {
    life++
    order = 0
    const mine = `${name}.${life}`
    starts = createStarts()
    const proofs = createProofs(mine, truth, report)
    const tap: Tap = {
      note: (text) => note(text),
      url(url) {
        if (/[?#]/.test(url)) report('untruths', `${mine} asks for ${url}: a secret may be in it`)
      },
      up(link, text) {
        note(`${link} > ${text}`)
        starts.up(text)
      },
      down(link, text) {
        note(`${link} < ${text}`)
        proofs.down(link, text)
        starts.down(
          link,
          text,
          listening.map(({ watch }) => watch),
        )
      },
      written(link, buffered) {
        if (buffered > parts.mostBuffered) report('limitBreaches', `${buffered} bytes wait at ${mine} ${link}`)
      },
    }
    const fetchParts = { time, dice, access, computer, tap, address: name }
    // A function that answers an object may be called with `new`, and answers that object.
    function Socket(url: string, protocols: string[]) {
      return openSocket(fetchParts, url, protocols)
    }
    const fetchLike = createFetch(fetchParts, base)
    const all = {
      websocket: websocket(Socket as unknown as WebSocketClass),
      sse: sse(fetchLike),
      poll: poll(fetchLike),
    }
    const made = connect(base, {
      transports: parts.transports.map((each) => all[each as keyof typeof all]),
      clock: computer.clock,
      random: dice.next,
      page,
      storage,
      token: parts.token,
      outbox: { maxCount: outboxCount },
    })
    made.state$.subscribe((state) => {
      note(`state ${state.state} ${state.transport ?? ''}${state.lastError ? ` (${state.lastError.code})` : ''}`)
      proofs.state(state)
      if (state.pending > outboxCount) report('limitBreaches', `${mine}: ${state.pending} messages wait`)
    })
    made.errors$.subscribe((error) => {
      note(`error ${error.code}: ${error.message}`)
      if (error.code === 'inbox-gap') inbox.excuse()
    })
    inbox = createInboxWatch(
      mine,
      () => made.session,
      truth,
      report,
      (sentAt) => time.now - sentAt >= 2 * parts.sessionTtlMs,
    )
    made.inbox.subscribe((data) => {
      note(`inbox ${JSON.stringify(data)}`)
      inbox.take(data)
    })
    return made
  }

  function subscribe(topic: TopicSetup, kind: Start, cursor = resumable(topic)): void {
    const from = kind === 'last' ? { last: 3 } : kind === 'cursor' ? (cursor ?? 'live') : kind
    const known = kind === 'cursor' ? cursor : null
    const watch = createWatch(
      `${name}~${++last} of ${topic.name}`,
      topic,
      known,
      from === 'live' ? 'live' : kind,
      truth,
      report,
    )
    starts.begin(topic.name, watch)
    const events$ = connection.topic(topic.name, { from }).events$
    const entry: Listening = { watch, subscription: null, ended: false }
    entry.subscription = events$.subscribe({
      next(event: TopicEvent<unknown>) {
        note(`~${topic.name} ${event.type} ${event.type === 'gap' ? `${event.from} to ${event.to}` : event.cursor}`)
        watch.take(event)
      },
      error(error) {
        entry.ended = true
        note(`~${topic.name} ends: ${error.code}`)
      },
    })
    note(`subscribes to ${topic.name} from ${JSON.stringify(from)}`)
    listening.push(entry)
  }

  /** Where someone who had listened before goes on. */
  function resumable({ name: wanted }: TopicSetup): string | null {
    const heard = listening.filter(({ watch }) => watch.topic.name === wanted && watch.position)
    const position = heard.at(-1)?.watch.position
    return position ? `${position.epoch}.${position.offset}` : null
  }

  /** Those who go on as they are stay. */
  function again(goesOn: (listener: Listening) => boolean): void {
    const before = listening.filter((listener) => !goesOn(listener))
    listening = listening.filter(goesOn)
    for (const { watch, subscription } of before) {
      subscription?.unsubscribe()
      const { position, topic } = watch
      subscribe(topic, position ? 'cursor' : 'live', position && `${position.epoch}.${position.offset}`)
    }
  }

  function hold(topic: TopicSetup): void {
    if (topic.conflate) return
    const before = stores.get(topic.name)
    before?.stop()
    note(`holds ${topic.name}`)
    const store = createStoreWatch(
      `${name}.${life}'s store of ${topic.name}`,
      connection,
      topic,
      before?.kept,
      truth,
      report,
    )
    stores.set(topic.name, store)
  }

  const nextCall = (kind: 'publish' | 'request') => {
    order++
    return { id: `${name}.${life}-${order}`, sender: `${name}.${life}`, order, kind }
  }

  return {
    name,
    computer,
    access,
    page,
    get connection() {
      return connection
    },
    get watches() {
      return listening.map(({ watch }) => watch)
    },
    stores,
    get inbox() {
      return inbox
    },
    hold,
    subscribe,
    unsubscribe(which) {
      const [gone] = listening.splice(which % Math.max(1, listening.length), 1)
      if (gone) note(`unsubscribes from ${gone.watch.topic.name}`)
      gone?.subscription?.unsubscribe()
    },
    publish(topic, fill, key) {
      const call = nextCall('publish')
      const mark: Mark = { id: call.id, ...(topic.conflate && { key }), ...(fill && { fill: 'x'.repeat(fill) }) }
      note(`publishes ${call.id} to ${topic.name}`)
      calls.track(
        call,
        () => (stores.get(topic.name) ?? connection.topic(topic.name)).publish(mark),
        ({ cursor }) =>
          truth.cursorOf(call.id) === cursor ? null : `it is at ${truth.cursorOf(call.id)}, not ${cursor}`,
      )
    },
    request(fails) {
      const call = nextCall('request')
      note(`requests ${call.id}`)
      calls.track(
        call,
        () => connection.request('echo', { id: call.id, fails }),
        (value) => (value === call.id ? null : `the answer is ${JSON.stringify(value)}`),
      )
    },
    reload() {
      note('reloads')
      closing++
      void connection.close().then(() => closing--)
      connection = open()
      again(() => false)
      for (const { topic } of [...stores.values()]) hold(topic)
    },
    revive() {
      if (connection.getState().phase === 'failed') connection.reconnect()
      again(({ ended }) => !ended)
      for (const store of stores.values()) store.start()
    },
    close: (drainMs) => connection.close({ drainMs }),
    get settled() {
      return calls.settled && closing === 0
    },
    finish() {
      calls.finish()
      inbox.finish()
      for (const watch of [...listening.map(({ watch }) => watch), ...stores.values()]) watch.finish()
    },
  }
}
