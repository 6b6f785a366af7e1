import { type Broker, BrokerError } from '@holdfast/server'
import type { Computer } from './computer.ts'
import type { Dice } from './dice.ts'
import { createPath, createPipe, type Pipe } from './pipe.ts'
import type { Time } from './time.ts'

/** How a broker answers its nodes. */
export interface BrokerMood {
  /** 0: at once, by values; else by promises, after up to so long in each direction. */
  readonly latencyMs: number
  /** How often it fails. `certain`: before anything was done, and it says so; else before or after, and nobody knows. */
  failing: { readonly probability: number; readonly certain: boolean } | null
}

const operations = ['create', 'get', 'replace', 'touch', 'received', 'record', 'forget'] as const
const ofLog = ['state', 'read', 'append', 'trim', 'remove'] as const

export interface BrokerView extends Broker {
  /** What is listened to. */
  readonly listening: readonly string[]
  /** The node has died. */
  drop(): void
}

/** The broker as one node sees it: over a connection of its own, in order, until the node dies. */
export function viewBroker(broker: Broker, mood: BrokerMood, computer: Computer, time: Time, dice: Dice): BrokerView {
  const path = { ...createPath(), latencyMs: mood.latencyMs / 2, jitterMs: mood.latencyMs / 2 }
  const [there, back, news] = [0, 1, 2].map(() => createPipe(time, dice, path)) as [Pipe, Pipe, Pipe]

  function ask<T>(what: string, run: () => T): T | Promise<T> {
    if (mood.latencyMs === 0) return attempt(what, run)
    return new Promise((resolve, reject) => {
      there.send(1, () => {
        const answered = new Promise<T>((done) => done(attempt(what, run)))
        back.send(1, () => computer.arrive(() => answered.then(resolve, reject)))
        answered.catch(() => {})
      })
    })
  }

  function attempt<T>(what: string, run: () => T): T {
    const { failing } = mood
    if (!failing || !dice.chance(failing.probability)) return run()
    if (failing.certain) throw new BrokerError(`the broker is ill, says ${what}`, { certain: true })
    // What is listened to ends with the connection.
    if (what !== 'tail' && what !== 'listen' && dice.chance(0.5)) run()
    throw new Error(`the connection to the broker broke at ${what}`)
  }

  const wrap = <T extends object>(target: T, names: readonly (keyof T)[]): T => {
    const wrapped = names.map((name) => [
      name,
      (...given: unknown[]) => ask(String(name), () => (target[name] as (...given: unknown[]) => unknown)(...given)),
    ])
    return { ...target, ...Object.fromEntries(wrapped) }
  }

  const stops = new Map<() => void, string>()
  const counted = (what: string, stop: () => void) => {
    const once = () => {
      if (stops.delete(once)) stop()
    }
    stops.set(once, what)
    return once
  }

  const hear =
    <T>(listener: (what: T) => void) =>
    (what: T) => {
      if (mood.latencyMs === 0) computer.arrive(() => listener(what))
      else news.send(1, () => computer.arrive(() => listener(what)))
    }

  return {
    ...wrap(broker, ['send']),
    sessions: wrap(broker.sessions, operations),
    log(name, options) {
      const log = broker.log(name, options)
      return {
        ...wrap(log, ofLog),
        tail: (listener) => ask('tail', () => counted(name, log.tail(hear(listener)) as () => void)),
      }
    },
    listen: (channel, listener) =>
      ask('listen', () => counted(channel, broker.listen(channel, hear(listener)) as () => void)),
    get listening() {
      return [...stops.values()]
    },
    drop() {
      for (const stop of [...stops.keys()]) stop()
    },
  }
}
