import type { Connection } from '@holdfast/client'
import { firstValueFrom } from 'rxjs'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { intact, tally } from '../support/tally.ts'
import { online, state } from '../support/world.ts'
import { isMissing, recipe, recipes } from './recipes.ts'
import { createWorld, type World } from './world.ts'

/** The machine may be busy; what is in a hurry is measured. */
const patiently = { interval: 5, timeout: 8_000 }
const figures: string[] = []
let world: World

// The certificate of the recipes is signed by nobody.
vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
afterEach(() => world?.close())
afterAll(() => {
  vi.unstubAllEnvs()
  console.log(figures.join('\n'))
})

describe.each(recipes.filter(({ transport }) => transport !== null))('$heading ($program)', (each) => {
  const { heading, program, transport, reason } = each

  test.skipIf(isMissing(each))(`the first message is there within 2 s, and ${transport} carries`, async () => {
    world = await createWorld(each)
    const begun = performance.now()
    const connection = world.connect()
    const first = firstValueFrom(connection.topic('news', { from: 'start' }))
    await world.hubs[0].topic('news').publish('here')
    expect(await first).toBe('here')
    const ms = performance.now() - begun
    figures.push(`${heading} (${program}): first message after ${Math.round(ms)} ms`)

    expect(ms).toBeLessThan(2_000)
    expect(await connection.topic('up').publish(1)).toMatchObject({ offset: 1 })
    await online(connection, transport as string)
    // A busy machine may take longer for its WebSocket than the head start, and then goes on trying.
    expect(await state(connection, (now) => now.reason !== 'trying')).toMatchObject({ transport, reason })
  })
})

describe.each([recipe('nginx', 'nginx'), recipe('HAProxy', 'haproxy')])('$program as recommended', (each) => {
  test.skipIf(isMissing(each)).for(['websocket', 'sse', 'poll'] as const)(
    '%s: two hubs without sticky sessions, of which one goes, and nothing is lost',
    async (transport) => {
      world = await createWorld(each)
      const { hubs, hellos, asked } = world
      const connections = Array.from({ length: 4 }, () => world.connect({ transports: [transport] }))
      await Promise.all(connections.map((connection) => online(connection)))
      const up = tally()
      hubs[1].topic<number>('up').subscribe(up.take)
      const downs = connections.map((connection) => {
        const down = tally()
        connection.topic<number>('down', { from: 'start' }).subscribe(down.take)
        return down
      })
      const [sender] = connections as [Connection]
      for (let n = 0; n < 30; n++) {
        await Promise.all([sender.topic('up').publish(n), hubs[n % 2 ? 1 : 0].topic('down').publish(n)])
      }
      const paths = transport === 'websocket' ? ['/realtime'] : ['/realtime/send', `/realtime/${transport}`]
      for (const path of paths) expect(asked.map((all) => all.includes(path))).toEqual([true, true])

      await world.stopFirst()
      const begun = performance.now()
      await Promise.all([sender.topic('up').publish(30), hubs[1].topic('down').publish(30)])
      await expect.poll(() => downs.map(({ count }) => count), patiently).toEqual(downs.map(() => intact(31)))
      const ms = performance.now() - begun
      figures.push(`${each.program}, ${transport}: next message ${Math.round(ms)} ms after a hub went`)
      expect(ms).toBeLessThan(2_000)
      await expect.poll(() => up.count, patiently).toEqual(intact(31))

      for (const { headers, address, transport: by } of hellos) {
        expect({ by, address }).toEqual({ by: transport, address: expect.stringContaining('127.0.0.1') })
        expect(headers).toMatchObject({
          host: new URL(world.url).host,
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': 'https',
        })
      }
    },
  )

  test.skipIf(isMissing(each))('where a WebSocket is refused on the way, nothing holds a stream back', async () => {
    world = await createWorld(each)
    const connection = world.connect({ WebSocket: Refused })
    expect(await online(connection, 'sse')).toMatchObject({ reason: 'refused' })
    expect(await quickestMs(connection)).toBeLessThan(100)
  })
})

const harmless = ['WebSocket is not passed on', 'What sounds harmful and is not']
const streams = recipes.filter(({ heading }) => harmless.includes(heading))
describe.each(streams)('$heading ($program)', (each) => {
  test.skipIf(isMissing(each))('nothing holds a stream back', async () => {
    world = await createWorld(each)
    const connection = world.connect()
    await online(connection, 'sse')
    const ms = await quickestMs(connection)
    figures.push(`${each.heading} (${each.program}): ${ms.toFixed(1)} ms from hub to client`)
    expect(ms).toBeLessThan(100)
  })
})

const limited = recipes.filter(({ heading }) => heading === 'Bodies are limited')
describe.each(limited)('$heading ($program)', (each) => {
  test.skipIf(isMissing(each)).for(['sse', 'poll'] as const)(
    '%s: batches are split, and what is too large is rejected alone',
    async (transport) => {
      world = await createWorld(each)
      const heard: string[] = []
      world.hubs[0].topic<string>('up').subscribe((text) => heard.push(text))
      const connection = world.connect({ transports: [transport] })
      const { session } = connection
      const small = Array<number>(40).fill(100)
      const sizes = [10, 700, ...small, 2_000, 50, 200_000, 60, 250_000, 400, 400, 400, 5_000, 1]
      const texts = sizes.map((size, index) => `${index}`.padEnd(size, '.'))
      const passes = (text: string) => text.length < 1_000
      const topic = connection.topic<string>('up')
      const outcomes = await Promise.allSettled(texts.map((text) => topic.publish(text)))

      const tooLarge = { status: 'rejected', reason: { code: 'too-large', outcome: 'rejected' } }
      expect(outcomes).toMatchObject(texts.map((text) => (passes(text) ? { status: 'fulfilled' } : tooLarge)))
      expect(heard).toEqual(texts.filter(passes))
      expect(connection.getState()).toMatchObject({ phase: 'online', transport })
      expect(connection.session).toBe(session)
    },
  )
})

/** A WebSocket to where nobody listens. */
class Refused extends WebSocket {
  constructor(_url: string, protocols: string[]) {
    super('ws://127.0.0.1:1', protocols)
  }
}

/** The shortest of some ways from the hub to the client: what holds messages back is in each of them. */
async function quickestMs(connection: Connection): Promise<number> {
  const sent: number[] = []
  const ways: number[] = []
  connection.topic<number>('quick', { from: 'start' }).subscribe((n) => ways.push(performance.now() - (sent[n] ?? 0)))
  for (let n = 0; n < 8; n++) {
    sent.push(performance.now())
    await world.hubs[0].topic('quick').publish(n)
    await expect.poll(() => ways.length, patiently).toBe(n + 1)
  }
  return Math.min(...ways)
}
