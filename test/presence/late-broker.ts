import { type Broker, BrokerError, type Clock } from '@holdfast/server'

export interface LateBroker extends Broker {
  /** Nothing of it reaches anybody from now on: its node has died. */
  die(): void
}

export interface Lateness {
  readonly maxMs: number
  /** How often something fails, before or after it was done. */
  failing: number
}

const ofSessions = ['create', 'get', 'replace', 'touch', 'received', 'record', 'forget'] as const
const ofLog = ['state', 'read', 'append', 'trim', 'remove'] as const

/** A broker as one node has it: each question and each answer takes its own time, so that they overtake each other. */
export function lateBroker(broker: Broker, clock: Clock, random: () => number, how: Lateness): LateBroker {
  let dead = false
  const soon = (run: () => void) => clock.setTimeout(() => !dead && run(), random() * how.maxMs)

  const ask = <T>(run: () => T): Promise<T> =>
    new Promise((resolve, reject) =>
      soon(() => {
        const fails = random() < how.failing
        const certain = random() < 0.5
        const done = fails && certain ? null : run()
        if (fails) soon(() => reject(new BrokerError('late and ill', { certain })))
        else soon(() => resolve(done as T))
      }),
    )

  const wrap = <T extends object>(target: T, names: readonly (keyof T)[]): T => ({
    ...target,
    ...Object.fromEntries(
      names.map((name) => [
        name,
        (...given: unknown[]) => ask(() => (target[name] as (...all: unknown[]) => unknown)(...given)),
      ]),
    ),
  })

  /** In their order, however late. */
  const inOrder = <T>(listener: (what: T) => void) => {
    const queue: T[] = []
    return (what: T) => {
      queue.push(what)
      soon(() => listener(queue.shift() as T))
    }
  }

  return {
    ...wrap(broker, ['send']),
    sessions: wrap(broker.sessions, ofSessions),
    log(name, options) {
      const log = broker.log(name, options)
      return { ...wrap(log, ofLog), tail: (listener) => ask(() => log.tail(inOrder(listener))) as Promise<() => void> }
    },
    listen: (channel, listener) => ask(() => broker.listen(channel, inOrder(listener))) as Promise<() => void>,
    die() {
      dead = true
    },
  }
}
