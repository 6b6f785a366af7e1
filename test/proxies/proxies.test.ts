import { firstValueFrom } from 'rxjs'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { intact, tally } from '../support/tally.ts'
import { online, state } from '../support/world.ts'
import { isMissing, recipe, recipes } from './recipes.ts'
import { createWorld, type World } from './world.ts'

const figures: string[] = []
let world: World | null = null

// The certificate of the recipes is signed by nobody.
vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
afterEach(async () => {
  await world?.close()
  world = null
})
afterAll(() => {
  vi.unstubAllEnvs()
  console.log(figures.join('\n'))
})

/** Nobody listens there. */
class Refused extends WebSocket {
  constructor(_url: string, protocols: string[]) {
    super('ws://127.0.0.1:1', protocols)
  }
}

for (const each of recipes) {
  const { heading, program, transport, reason } = each
  if (transport === null) continue
  test.skipIf(isMissing(each))(
    `${heading}, ${program}: the first message is there within 2 s, then ${transport} carries`,
    async () => {
      world = await createWorld(each)
      const begun = performance.now()
      const connection = world.connect()
      const first = firstValueFrom(connection.topic('news', { from: 'start' }))
      await world.hubs[0].topic('news').publish('here')
      expect(await first).toBe('here')
      const ms = performance.now() - begun
      figures.push(`${heading}, ${program}: first message after ${Math.round(ms)} ms`)

      expect(ms).toBeLessThan(2_000)
      expect(await connection.topic('up').publish(1)).toMatchObject({ offset: 1 })
      await online(connection, transport)
      // A busy machine may take longer for its WebSocket than the head start.
      expect(await state(connection, (now) => now.reason !== 'trying')).toMatchObject({ transport, reason })
    },
  )
}

describe.each(['nginx', 'haproxy'] as const)('%s as recommended', (program) => {
  const each = recipe(program === 'nginx' ? 'nginx' : 'HAProxy', program)

  test.skipIf(isMissing(each)).for(['websocket', 'sse', 'poll'] as const)(
    '%s: two nodes without sticky sessions lose nothing, and learn whose proxy it is',
    async (transport) => {
      world = await createWorld(each)
      const { hubs, hellos, asked } = world
      const connections = [1, 2, 3, 4].map(() => (world as World).connect({ transports: [transport] }))
      await Promise.all(connections.map((connection) => online(connection)))
      const [up, down] = [tally(), tally()]
      hubs[0].topic<number>('up').subscribe(up.take)
      const [sender, listener] = connections as [(typeof connections)[0], (typeof connections)[0]]
      listener.topic<number>('down', { from: 'start' }).subscribe(down.take)
      for (let n = 0; n < 30; n++) {
        await Promise.all([sender.topic('up').publish(n), hubs[n % 2 ? 1 : 0].topic('down').publish(n)])
      }

      await expect.poll(() => [up.count, down.count]).toEqual([intact(30), intact(30)])
      expect(asked.map((paths) => paths.length > 0)).toEqual([true, true])
      if (transport !== 'websocket')
        expect(asked.map((paths) => paths.includes('/realtime/send'))).toEqual([true, true])
      expect(hellos.length).toBeGreaterThanOrEqual(4)
      for (const { headers, address, transport: by } of hellos) {
        expect(by).toBe(transport)
        expect(address).toContain('127.0.0.1')
        expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' })
        expect(headers.host).toBe(new URL(world.url).host)
      }
    },
  )

  test.skipIf(isMissing(each))(
    'a WebSocket that is refused elsewhere leaves a stream that nobody holds back',
    async () => {
      world = await createWorld(each)
      const connection = world.connect({ WebSocket: Refused })
      expect(await online(connection, 'sse')).toMatchObject({ reason: 'refused' })
      expect(await quickest(world, connection)).toBeLessThan(100)
    },
  )
})

/** The shortest of some times from the hub to the client, in ms: a delay that lies in the way is in each of them. */
async function quickest({ hubs }: World, connection: ReturnType<World['connect']>): Promise<number> {
  const topic = connection.topic<number>('quick')
  const times: number[] = []
  const take = topic.subscribe((at) => times.push(performance.now() - at))
  await topic.publish(performance.now())
  for (let n = 1; n < 8; n++) {
    await expect.poll(() => times.length, { interval: 2 }).toBe(n)
    await hubs[0].topic<number>('quick').publish(performance.now())
  }
  await expect.poll(() => times.length, { interval: 2 }).toBe(8)
  take.unsubscribe()
  return Math.min(...times.slice(1))
}

test.skipIf(isMissing(recipe('WebSocket is not passed on', 'haproxy')))(
  'a stream through HAProxy without encryption is not held back either',
  async () => {
    world = await createWorld(recipe('WebSocket is not passed on', 'haproxy'))
    const connection = world.connect()
    await online(connection, 'sse')
    const ms = await quickest(world, connection)
    figures.push(`from hub to client by SSE through HAProxy: ${ms.toFixed(1)} ms`)
    expect(ms).toBeLessThan(100)
  },
)

const limited = [recipe('Bodies are limited', 'nginx'), recipe('Bodies are limited', 'haproxy')]
for (const each of limited)
  test.skipIf(isMissing(each)).for(['sse', 'poll'] as const)(
    `bodies limited by ${each.program}, %s: batches are split, and what is too large is rejected alone`,
    async (transport) => {
      world = await createWorld(each)
      const heard: string[] = []
      world.hubs[0].topic<string>('up').subscribe((text) => heard.push(text))
      const connection = world.connect({ transports: [transport] })
      const { session } = connection
      const sizes = [10, 700, ...Array<number>(40).fill(100), 2_000, 50, 200_000, 60, 250_000, 400, 400, 400, 5_000, 1]
      const texts = sizes.map((size, index) => `${index}`.padEnd(size, '.'))
      const passes = (text: string) => text.length < 1_000
      const outcomes = await Promise.allSettled(texts.map((text) => connection.topic('up').publish(text)))

      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(texts.map(passes))
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected')
          expect(outcome.reason).toMatchObject({ code: 'too-large', outcome: 'rejected' })
      }
      expect(heard).toEqual(texts.filter(passes))
      expect(connection.getState()).toMatchObject({ phase: 'online', transport })
      expect(connection.session).toBe(session)
    },
  )
