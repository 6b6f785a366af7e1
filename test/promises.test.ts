import type { Connection, HoldfastError, TransportName } from '@holdfast/client'
import type { HubOptions } from '@holdfast/server'
import { afterEach, describe, expect, test } from 'vitest'
import { createWorld, online, open, state, type World } from './support/world.ts'

// P2: what a promise says is true, whatever becomes of its message.

let world: World
afterEach(async () => {
  await world.close()
  expect(world.errors).toEqual([])
})

const transports = ['websocket', 'sse', 'poll'] as const

async function begin(transport: TransportName, options: HubOptions = open) {
  world = await createWorld(options)
  const connection = world.connect({ transports: [transport] })
  const errors: HoldfastError[] = []
  connection.errors$.subscribe((error) => errors.push(error))
  const up: unknown[] = []
  world.hub.topic('up', { from: 'start' }).subscribe((data) => up.push(data))
  await online(connection)
  return { connection, errors, up }
}

const fate = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    ({ outcome, code }: HoldfastError) => `${outcome} ${code}`,
  )

async function goOffline(connection: Connection): Promise<void> {
  world.proxy.set({ block: 'refuse' })
  await state(connection, ({ phase }) => phase !== 'online')
}

function comeBack(connection: Connection): Promise<unknown> {
  world.proxy.heal()
  connection.reconnect()
  return online(connection)
}

describe.each(transports)('%s', (transport) => {
  test('given up before it left: not sent, and it never happens', async () => {
    const { connection, up } = await begin(transport)
    const asked: unknown[] = []
    world.hub.handle('ask', ({ data }) => asked.push(data))
    await goOffline(connection)
    const abort = new AbortController()
    const { signal } = abort
    const topic = connection.topic('up')
    const fates = [
      fate(topic.publish(1)),
      fate(topic.publish('aborted', { signal })),
      fate(topic.publish('late', { timeoutMs: 20 })),
      fate(connection.request('ask', 'aborted', { signal })),
      fate(connection.request('ask', 'late', { timeoutMs: 20 })),
      fate(topic.publish(2)),
    ]
    abort.abort()
    fates.push(fate(topic.publish('too late', { signal })))
    await fates[4]
    await comeBack(connection)
    expect(await Promise.all(fates)).toEqual([
      'accepted',
      'not-sent aborted',
      'not-sent timeout',
      'not-sent aborted',
      'not-sent timeout',
      'accepted',
      'not-sent aborted',
    ])
    expect([up, asked]).toEqual([[1, 2], []])
    expect(connection.getState().pending).toBe(0)
  })

  test('given up after it left: unknown, and what follows is in order', async () => {
    let authorized = () => {}
    const held = new Promise<void>((resolve) => {
      authorized = resolve
    })
    let asked = () => {}
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    const { connection, up } = await begin(transport, {
      async authorize({ action }) {
        if (action !== 'publish') return true
        asked()
        await held
        return true
      },
    })
    world.hub.handle('never', () => new Promise(() => {}))
    const abort = new AbortController()
    const topic = connection.topic('up')
    const request = fate(connection.request('never', null, { timeoutMs: 60 }))
    const aborted = fate(topic.publish(1, { signal: abort.signal }))
    const late = fate(topic.publish(2, { timeoutMs: 60 }))
    const kept = fate(topic.publish(3))
    await isAsked
    abort.abort()
    expect(await Promise.all([aborted, late, request])).toEqual([
      'unknown aborted',
      'unknown timeout',
      'unknown timeout',
    ])
    authorized()
    expect(await kept).toBe('accepted')
    expect(up).toEqual([1, 2, 3])
    expect(connection.getState().pending).toBe(0)
  })

  test('what is wrong is rejected with its code, and the rest goes on', async () => {
    const { connection, errors, up } = await begin(transport, {
      authorize: ({ topic }) => topic !== 'forbidden',
    })
    const loop: unknown[] = []
    loop.push(loop)
    const { hub } = world
    hub.topics('numbers', {
      schema: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: (value: unknown) =>
            typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] },
        },
      },
    })
    const publish = (topic: string, data: unknown) => fate(connection.topic(topic).publish(data))
    const fates = await Promise.all([
      publish('up', 1),
      ...[() => {}, undefined, 1n, Symbol('x'), loop, new Map(), Number.NaN].map((data) => publish('up', data)),
      publish('up', 'x'.repeat(300_000)),
      publish('up', new Uint8Array(300_000)),
      ...['', '$inbox', 'a\nb', 'x'.repeat(201), 'ä'.repeat(101)].map((topic) => publish(topic, 1)),
      publish('forbidden', 1),
      publish('numbers', 'one'),
      publish('numbers', 1),
      fate(connection.request('nobody')),
      fate(connection.request('forbidden')),
      publish('up', 2),
    ])
    expect(fates).toEqual([
      'accepted',
      ...Array(7).fill('not-sent bad-payload'),
      'not-sent too-large',
      'not-sent too-large',
      ...Array(5).fill('not-sent bad-topic'),
      'rejected forbidden',
      'rejected bad-data',
      'accepted',
      'rejected unknown-request',
      'rejected unknown-request',
      'accepted',
    ])
    expect(up).toEqual([1, 2])
    expect(errors).toEqual([])
    expect(connection.getState()).toMatchObject({ phase: 'online', pending: 0, lastError: null })
  })

  test('a topic that may not be heard errors for its subscribers, and others go on', async () => {
    const { connection } = await begin(transport, {
      authenticate: () => 'ada',
      authorize: ({ topic }) => !topic.startsWith('forbidden'),
    })
    const ends: Record<string, string[]> = {}
    const heard: unknown[] = []
    const listen = (name: string, told: string[] = []) => {
      ends[name] = told
      const error = ({ code }: HoldfastError) => told.push(code)
      connection.topic(name).subscribe({ next: (data) => heard.push(data), error })
      connection.topic(name).events$.subscribe({ error })
    }
    for (const name of ['forbidden', '$inbox', '', 'news', 'granted']) listen(name)
    await world.hub.topic('news').publish(0)
    await expect
      .poll(() => ends, { interval: 5 })
      .toEqual({
        forbidden: ['forbidden', 'forbidden'],
        $inbox: ['bad-topic', 'bad-topic'],
        '': ['bad-topic', 'bad-topic'],
        news: [],
        granted: [],
      })
    await connection.topic('granted').publish(1)
    await world.hub.revoke('ada', 'granted')
    await expect.poll(() => ends.granted, { interval: 5 }).toEqual(['revoked', 'revoked'])
    await world.hub.topic('granted').publish(2)
    await world.hub.topic('news').publish(3)
    await expect.poll(() => heard.at(-1), { interval: 5 }).toBe(3)
    expect(heard).not.toContain(2)
    expect(ends.news).toEqual([])
    expect(connection.getState().phase).toBe('online')
  })

  test('disconnected by the hub: it fails with the code, and reconnect() begins anew', async () => {
    const { connection } = await begin(transport, { ...open, authenticate: () => 'ada' })
    const ended: unknown[] = []
    connection.topic('news').subscribe({ error: ({ code }) => ended.push(code) })
    world.hub.handle('never', () => new Promise(() => {}))
    const request = fate(connection.request('never'))
    await connection.topic('up').publish(1)
    const before = connection.session
    await world.hub.disconnect('ada')
    const failed = await state(connection, ({ phase }) => phase === 'failed')
    expect(failed).toMatchObject({ transport: null, lastError: { code: 'disconnected' } })
    expect(await request).toBe('unknown disconnected')
    expect(ended).toEqual(['disconnected'])
    expect(await fate(connection.topic('up').publish(2))).toBe('not-sent disconnected')
    connection.reconnect()
    await online(connection)
    expect(await fate(connection.topic('up').publish(3))).toBe('accepted')
    expect(connection.session).not.toBe(before)
  })

  test('close() drains what it may, and says what became of the rest', async () => {
    const { connection, up } = await begin(transport)
    const sent = [1, 2, 3].map((n) => fate(connection.topic('up').publish(n)))
    await connection.close({ drainMs: 2_000 })
    expect(await Promise.all(sent)).toEqual(['accepted', 'accepted', 'accepted'])
    expect(up).toEqual([1, 2, 3])
    expect(await fate(connection.topic('up').publish(4))).toBe('not-sent closed')

    const other = world.connect({ transports: [transport] })
    const early = fate(other.topic('up').publish(5))
    await other.close()
    expect(await early).toBe('not-sent closed')
  })
})

describe.each(['sse', 'poll'] as const)('a proxy that answers 413: %s', (transport) => {
  test('what is too much for it is split, and a single message that is too large is rejected', async () => {
    const { connection, up } = await begin(transport)
    world.proxy.set({ post: { maxBytes: 2_000 } })
    const topic = connection.topic('up')
    const messages = Array.from({ length: 60 }, (_, n) =>
      n % 20 === 13 ? 'x'.repeat(5_000) : `${n} ${'y'.repeat(300)}`,
    )
    const before = connection.session
    const fates = await Promise.all(messages.map((message) => fate(topic.publish(message))))
    expect(fates).toEqual(messages.map((_, n) => (n % 20 === 13 ? 'rejected too-large' : 'accepted')))
    expect(up).toEqual(messages.filter((_, n) => n % 20 !== 13))
    expect(await fate(topic.publish('last'))).toBe('accepted')
    expect(connection.session).toBe(before)
  })
})
