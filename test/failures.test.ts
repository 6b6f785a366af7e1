import type { Connection, TransportName } from '@holdfast/client'
import { HoldfastError } from '@holdfast/client'
import { type Broker, BrokerError, type HubOptions, memoryBroker } from '@holdfast/server'
import { filter, map, Observable } from 'rxjs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { logWith } from './support/log.ts'
import { createWorld, online, open, state, type World } from './support/world.ts'

// P5: a failing listener, hook or broker never breaks the link or another listener; each failure is told once.

let world: World
const consoleError = vi.spyOn(console, 'error')
beforeEach(() => {
  consoleError.mockClear()
})
afterEach(async () => {
  await world.close()
  expect(consoleError).not.toHaveBeenCalled()
})

async function begin(options: HubOptions = open, transport: TransportName = 'websocket') {
  world = await createWorld(options)
  const connection = world.connect({ transports: [transport] })
  return { connection, errors: listen(connection) }
}

function listen(connection: Connection): HoldfastError[] {
  const errors: HoldfastError[] = []
  connection.errors$.subscribe((error) => errors.push(error))
  return errors
}

const codes = (errors: readonly HoldfastError[]) => errors.map(({ code }) => code)
const fail = (): never => {
  throw new Error('mine')
}
/** Fails at the first call alone. */
const failOnce = () => {
  let failed = false
  return () => {
    if (failed) return
    failed = true
    fail()
  }
}
const fate = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    ({ outcome, code }: HoldfastError) => `${outcome} ${code}`,
  )

describe('a listener at the client that throws', () => {
  const listeners: Record<string, (connection: Connection) => void> = {
    'of a topic': (connection) => connection.topic('news').subscribe(failOnce()),
    'of a piped topic': (connection) => connection.topic('news').pipe(filter(Boolean)).subscribe(failOnce()),
    'of a pipe of several': (connection) =>
      connection
        .topic('news')
        .pipe(
          map((n) => n),
          filter(() => true),
        )
        .subscribe({ next: failOnce() }),
    'of events$': (connection) => connection.topic('news').events$.subscribe(failOnce()),
    'of state$': (connection) => connection.state$.subscribe(failOnce()),
    'of a piped state$': (connection) => connection.state$.pipe(map(({ phase }) => phase)).subscribe(failOnce()),
    'of the inbox': (connection) => connection.inbox.subscribe(failOnce()),
    'an operator': (connection) => connection.topic('news').pipe(map(fail)).subscribe(),
    'of an error': (connection) => connection.topic('$bad').subscribe({ error: fail }),
    'an error that nobody handles': (connection) => connection.topic('forbidden').subscribe(),
  }
  test.each(Object.entries(listeners))('%s', async (name, subscribe) => {
    const { connection, errors } = await begin({
      authorize: ({ topic }) => topic !== 'forbidden',
      onSession: (session) => session.send('welcome'),
    })
    const heard: unknown[] = []
    const inbox: unknown[] = []
    const phases: string[] = []
    subscribe(connection)
    connection.topic('news').subscribe((n) => heard.push(n))
    connection.inbox.subscribe((message) => inbox.push(message))
    connection.state$.subscribe(({ phase }) => phases.push(phase))
    await online(connection)
    const publishes = [1, 2, 3].map((n) => connection.topic('news').publish(n))
    await Promise.all(publishes)
    await expect.poll(() => [heard, inbox.length], { interval: 5 }).toEqual([[1, 2, 3], 1])
    expect(phases).toContain('online')
    expect(connection.getState()).toMatchObject({ phase: 'online', lastError: null })
    expect(codes(errors)).toEqual([name === 'an error that nobody handles' ? 'forbidden' : 'listener-failed'])
    expect(world.errors).toEqual([])
  })

  test('of errors$ itself: the others hear of it, and the console has the failure', async () => {
    const { connection, errors } = await begin()
    connection.errors$.subscribe(fail)
    consoleError.mockImplementationOnce(() => {})
    connection.topic('news').subscribe(failOnce())
    await online(connection)
    await connection.topic('news').publish(1)
    await expect.poll(() => errors.length, { interval: 5 }).toBe(1)
    expect(consoleError).toHaveBeenCalledTimes(1)
    consoleError.mockClear()
  })

  test('a source that a topic observes may fail: the topic goes on', async () => {
    const { connection, errors } = await begin()
    new Observable((subscriber) => {
      subscriber.next(1)
      subscriber.error(new Error('mine'))
    }).subscribe(connection.topic('news'))
    new Observable((subscriber) => subscriber.next(() => {})).subscribe(connection.topic('news'))
    await online(connection)
    await connection.topic('news').publish(2)
    expect(codes(errors)).toEqual(['bad-payload'])
  })
})

describe('a hook at the hub that throws', () => {
  test.each(['websocket', 'sse', 'poll'] as const)('authenticate, by mistake: %s', async (transport) => {
    let token = 'bad'
    world = await createWorld({
      ...open,
      authenticate: (credentials) => {
        if (credentials.token === 'bad') (undefined as unknown as () => void)()
        return credentials.token
      },
    })
    const connection = world.connect({ transports: [transport], token: () => token })
    const other = world.connect({ transports: [transport], token: 'good' })
    const failed = await state(connection, ({ phase }) => phase === 'failed')
    expect(failed.lastError?.code).toBe('unauthenticated')
    await online(other)
    // A token is asked for anew once before it is believed to be refused.
    expect(codes(world.errors)).toEqual(['hook-failed', 'hook-failed'])

    token = 'good'
    connection.reconnect()
    await online(connection)
    await connection.topic('up').publish(1)
  })

  test('authorize', async () => {
    const { connection } = await begin({
      authorize: ({ topic }) => topic !== 'broken' || fail(),
    })
    connection.topic('broken').subscribe({ error: ({ code }) => heard.push(code) })
    const heard: unknown[] = []
    connection.topic('news').subscribe((n) => heard.push(n))
    await online(connection)
    expect(await fate(connection.topic('broken').publish(1))).toBe('rejected forbidden')
    expect(await fate(connection.topic('news').publish(1))).toBe('accepted')
    await expect.poll(() => heard, { interval: 5 }).toEqual(['forbidden', 1])
    expect(codes(world.errors)).toEqual(['hook-failed', 'hook-failed'])
    expect(connection.getState().phase).toBe('online')
  })

  test('snapshot: the gap comes without it', async () => {
    const { connection } = await begin()
    world.hub.topics('board', { history: { count: 2 }, snapshot: fail })
    const events: unknown[] = []
    connection
      .topic('board')
      .events$.subscribe((event) => events.push(event.type === 'message' ? event.data : event.type))
    await online(connection)
    await world.hub.topic('board').publish(0)
    await expect.poll(() => events, { interval: 5 }).toEqual([0])
    world.proxy.set({ block: 'refuse' })
    await state(connection, ({ phase }) => phase !== 'online')
    for (let n = 1; n < 6; n++) await world.hub.topic('board').publish(n)
    world.proxy.heal()
    connection.reconnect()
    await expect.poll(() => events, { interval: 5 }).toEqual([0, 'gap', 4, 5])
    expect(codes(world.errors)).toEqual(['hook-failed'])
  })

  test.each([
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('mine'))],
  ])('onSession %s', async (_, onSession) => {
    const { connection } = await begin({ ...open, onSession })
    await online(connection)
    await connection.topic('up').publish(1)
    expect(codes(world.errors)).toEqual(['hook-failed'])
  })

  test('a handler: its text stays here, unless it meant to tell it', async () => {
    const { connection } = await begin()
    world.hub.handle('breaks', fail)
    world.hub.handle('refuses', () => {
      throw new HoldfastError('out-of-stock', 'none left')
    })
    world.hub.handle('answers nonsense', () => () => {})
    world.hub.handle('works', ({ data }) => data)
    const [breaks, refuses, nonsense, works] = await Promise.allSettled(
      ['breaks', 'refuses', 'answers nonsense', 'works'].map((name) => connection.request(name, 1)),
    )
    expect(breaks).toMatchObject({
      reason: { outcome: 'rejected', code: 'handler-failed', message: 'the handler failed' },
    })
    expect(refuses).toMatchObject({ reason: { outcome: 'rejected', code: 'out-of-stock', message: 'none left' } })
    expect(nonsense).toMatchObject({ reason: { outcome: 'rejected' } })
    expect(works).toMatchObject({ value: 1 })
    expect(codes(world.errors)).toEqual(['handler-failed'])
  })

  test('a listener of a topic, piped as well', async () => {
    const { connection } = await begin()
    const heard: unknown[] = []
    world.hub.topic('up').subscribe(failOnce())
    world.hub.topic('up').pipe(map(String)).subscribe(failOnce())
    world.hub.topic('up').events$.subscribe(failOnce())
    world.hub.topic('up').subscribe((n) => heard.push(n))
    await online(connection)
    await connection.topic('up').publish(1)
    await connection.topic('up').publish(2)
    await expect.poll(() => heard, { interval: 5 }).toEqual([1, 2])
    expect(codes(world.errors)).toEqual(['listener-failed', 'listener-failed', 'listener-failed'])
  })
})

test.each([
  ['throws', fail],
  ['rejects', () => Promise.reject(new Error('mine'))],
])('token() %s: told once an attempt, and asked again', async (_, broken) => {
  world = await createWorld({ ...open, authenticate: ({ token }) => token })
  let asked = 0
  const connection = world.connect({ token: () => (++asked < 3 ? broken() : 'good') })
  const errors = listen(connection)
  await online(connection)
  expect(asked).toBe(3)
  expect(codes(errors)).toEqual(['token-failed', 'token-failed'])
  expect(await fate(connection.topic('up').publish(1))).toBe('accepted')
})

describe.each(['websocket', 'sse', 'poll'] as const)('a broker that fails: %s', (transport) => {
  /** Appends of clients meet these, one after the other, before all is well. */
  function failing(...failures: ((append: () => unknown) => unknown)[]): Broker {
    const broker = memoryBroker()
    return {
      ...broker,
      log(name, options) {
        const log = broker.log(name, options)
        if (name !== 'up') return log
        return logWith(log, {
          append(draft, producer) {
            const append = () => log.append(draft, producer)
            return (failures.shift()?.(append) ?? append()) as ReturnType<typeof append>
          },
        })
      },
    }
  }
  const heardOf = () => {
    const heard: unknown[] = []
    world.hub.topic('up').subscribe((n) => heard.push(n))
    return heard
  }

  test('certainly: that one is rejected', async () => {
    const { connection } = await begin(
      {
        ...open,
        broker: failing(() => {
          throw new BrokerError('full', { certain: true })
        }),
      },
      transport,
    )
    const heard = heardOf()
    const fates = [1, 2].map((n) => fate(connection.topic('up').publish(n)))
    expect(await Promise.all(fates)).toEqual(['rejected broker-failed', 'accepted'])
    await expect.poll(() => heard, { interval: 5 }).toEqual([2])
    expect(world.errors).toEqual([])
  })

  test('uncertainly: it is tried again, and applied once', async () => {
    const { connection, errors } = await begin(
      {
        ...open,
        brokerRetryMs: 5,
        broker: failing(
          () => Promise.reject(new Error('lost before')),
          async (append) => {
            await append()
            throw new Error('lost after')
          },
        ),
      },
      transport,
    )
    const heard = heardOf()
    const fates = [1, 2].map((n) => fate(connection.topic('up').publish(n)))
    expect(await Promise.all(fates)).toEqual(['accepted', 'accepted'])
    await expect.poll(() => heard, { interval: 5 }).toEqual([1, 2])
    expect([...errors, ...world.errors]).toEqual([])
  })

  test('for longer than it is tried: the link ends, and the client sends again', async () => {
    const down = Array.from({ length: 3 }, () => () => Promise.reject(new Error('away')))
    const { connection, errors } = await begin(
      { ...open, brokerRetryMs: 1, brokerRetries: 2, broker: failing(...down) },
      transport,
    )
    const heard = heardOf()
    const fates = [1, 2].map((n) => fate(connection.topic('up').publish(n)))
    expect(await Promise.all(fates)).toEqual(['accepted', 'accepted'])
    await expect.poll(() => heard, { interval: 5 }).toEqual([1, 2])
    expect(connection.getState().lastError?.code).toBe('broker-failed')
    expect(codes(world.errors)).toEqual(['broker-failed'])
    expect(errors).toEqual([])
  })
})
