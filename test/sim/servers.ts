import { memoryBroker, type SessionHandle } from '@holdfast/server'
import { type BrokerMood, viewBroker } from './broker.ts'
import { createComputer } from './computer.ts'
import type { Dice } from './dice.ts'
import type { Report } from './harm.ts'
import { type Node, startNode } from './node.ts'
import type { Setup } from './scenario.ts'
import type { Time } from './time.ts'
import type { Mark, Truth } from './truth.ts'
import { createWatch, type Watch } from './watch.ts'

export interface ServersParts {
  readonly setup: Setup
  readonly time: Time
  readonly dice: Dice
  readonly truth: Truth
  report: Report
  note(text: string): void
}

/** The hubs, the broker behind them, and a subscriber of every topic at each hub. */
export interface Servers {
  readonly nodes: readonly Node[]
  /** Topics that nobody may use for the moment. */
  readonly forbidden: Set<string>
  readonly mood: { -readonly [K in keyof BrokerMood]: BrokerMood[K] }
  /** One that takes new connections; null while there is none. */
  pick(which: number): Node | null
  /** It dies without a word; the answer is whoever was on it. */
  crash(which: number, ms: number): Node | null
  /** It closes as it should, and another one takes its place. */
  restart(which: number): void
  /** All die, and what the broker had is gone. */
  forget(ms: number): void
  /** Starts those that are down. */
  heal(): void
  /** The hub's end of a session, where it began; null if that node is gone. */
  handle(session: string): { node: Node; handle: SessionHandle } | null
  readonly watches: readonly Watch[]
  close(): Promise<unknown>
}

const expected = new Set<string>(['broker-failed', 'handler-failed'])

export function createServers({ setup, time, dice, truth, report, note }: ServersParts): Servers {
  const mood = { latencyMs: setup.brokerMs, failing: null } as Servers['mood']
  const forbidden = new Set<string>()
  const slots: (Node | null)[] = Array.from({ length: setup.nodes }, () => null)
  const closing = new Set<Promise<unknown>>()
  const handles = new Map<string, { node: Node; handle: SessionHandle }>()
  const watches = new Map<Watch, Node>()
  let broker = begin()
  let started = 0

  slots.forEach((_, slot) => {
    start(slot)
  })

  function begin() {
    const clock = { now: () => Math.round(time.now), setTimeout: () => 0, clearTimeout: () => {} }
    return truth.watch(memoryBroker({ clock, random: dice.fork().next }))
  }

  function start(slot: number): void {
    if (slots[slot]) return
    const name = `node${++started}`
    const computer = createComputer(time)
    const own = dice.fork()
    const node = startNode(name, computer, viewBroker(broker, mood, computer, time, own), {
      random: own.next,
      sessionTtlMs: setup.sessionTtlMs,
      limits: { inFlightBytes: setup.inFlightBytes, bufferBytes: setup.bufferBytes },
      authenticate({ token }) {
        if (token === 'expired') throw new Error('this token has expired')
        return token ?? null
      },
      authorize({ topic, action }) {
        const may = !forbidden.has(topic) || action === 'request'
        if (setup.hookMs === 0) return may
        return new Promise((resolve) =>
          time.schedule(own.between(0, setup.hookMs), () => computer.arrive(() => resolve(may))),
        )
      },
      onSession: (handle) => void handles.set(handle.id, { node, handle }),
    })
    const { hub } = node
    hub.errors$.subscribe((error) => {
      note(`${name} error ${error.code}: ${error.message}`)
      if (!expected.has(error.code)) report('untruths', `${name} has ${error.code}: ${error.message} ${error.cause}`)
    })
    hub.handle('echo', async ({ data }) => {
      const { id, fails } = data as { id: string; fails: boolean }
      truth.started(id)
      await new Promise<void>((resolve) => time.schedule(own.between(0, 200), () => computer.arrive(resolve)))
      if (fails) throw new Error('as it was asked to')
      return id
    })
    for (const { name: topic, count, conflate, snapshot } of setup.topics) {
      hub.topics(topic, {
        history: { count },
        ...(conflate && { conflate: (data) => (data as Mark).key ?? '' }),
        ...(snapshot && {
          snapshot() {
            const head = truth.head(topic)
            if (!head) return null
            const cursor = `${head.epoch}.${head.offset}`
            const taken = { state: truth.stateAt(topic, cursor), cursor }
            // By the time that it is there the log may have moved on, or begun anew.
            return new Promise((resolve) =>
              time.schedule(own.between(0, setup.hookMs), () => computer.arrive(() => resolve(taken))),
            )
          },
        }),
      })
    }
    slots[slot] = node
    note(`${name} starts`)
    for (const topic of setup.topics) {
      const watch = createWatch(`${name}~${topic.name}`, topic, null, topic.snapshot ? 'snapshot' : null, truth, report)
      watches.set(watch, node)
      hub.topic(topic.name, { from: topic.snapshot ? 'snapshot' : 'live' }).events$.subscribe({
        next: watch.take,
        error: () => watches.delete(watch),
        complete: () => watches.delete(watch),
      })
    }
  }

  function leave(slot: number): Node | null {
    const node = slots[slot] ?? null
    slots[slot] = null
    if (!node) return null
    node.open = false
    for (const [watch, at] of watches) if (at === node) watches.delete(watch)
    return node
  }

  function crash(which: number, ms: number): Node | null {
    const slot = which % slots.length
    const node = leave(slot)
    if (!node) return null
    note(`${node.name} dies`)
    node.gone = true
    node.computer.kill()
    node.broker.drop()
    time.schedule(ms, () => start(slot))
    return node
  }

  /** Closes as it should, and leaves nothing behind. */
  async function close(node: Node): Promise<void> {
    note(`${node.name} closes`)
    await node.hub.close({ drainMs: 200 })
    node.gone = true
    // What was asked of the broker just before is still on its way.
    await new Promise<void>((resolve) => time.schedule(500, resolve))
    if (node.computer.timers > 0) report('leaks', `${node.name} has left ${node.computer.timers} timers`)
    if (node.broker.listening.length > 0) report('leaks', `${node.name} still listens to ${node.broker.listening}`)
    node.computer.kill()
    note(`${node.name} is closed`)
  }

  return {
    get nodes() {
      return slots.filter((node) => node !== null)
    },
    forbidden,
    mood,
    pick(which) {
      const open = slots.filter((node) => node !== null)
      return open[which % Math.max(1, open.length)] ?? null
    },
    crash,
    restart(which) {
      const slot = which % slots.length
      const node = leave(slot)
      if (!node) return
      const done = close(node).finally(() => closing.delete(done))
      closing.add(done)
      start(slot)
    },
    forget(ms) {
      note('the broker forgets all')
      slots.forEach((_, slot) => {
        crash(slot, ms)
      })
      broker = begin()
    },
    heal() {
      mood.failing = null
      forbidden.clear()
      slots.forEach((_, slot) => {
        start(slot)
      })
    },
    handle(session) {
      const found = handles.get(session)
      return found && !found.node.gone ? found : null
    },
    get watches() {
      return [...watches.keys()]
    },
    close() {
      slots.forEach((_, slot) => {
        const node = leave(slot)
        if (node) closing.add(close(node))
      })
      return Promise.all(closing)
    },
  }
}
