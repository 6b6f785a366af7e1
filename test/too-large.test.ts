import { afterEach, expect, test } from 'vitest'
import { createWorld, online, open, type World } from './support/world.ts'

let world: World
afterEach(() => world.close())

test.each(['sse', 'poll'] as const)(
  '%s: what a proxy finds too large is rejected alone, in its place',
  async (name) => {
    world = await createWorld({ ...open, history: { count: 100 } })
    const heard: unknown[] = []
    world.hub.topic<string>('up').subscribe((text) => heard.push(text.length))
    const connection = world.connect({ transports: [name] })
    await online(connection)
    const { session } = connection
    world.proxy.set({ post: { maxBytes: 10_000 } })

    const topic = connection.topic<string>('up')
    const sizes = [10, 20_000, 30, 4_000, 30_000, 60, 70]
    const outcomes = await Promise.allSettled(sizes.map((size) => topic.publish('x'.repeat(size))))

    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(sizes.map((size) => size < 10_000))
    expect(outcomes[1]).toMatchObject({ reason: { code: 'too-large', outcome: 'rejected' } })
    expect(heard).toEqual(sizes.filter((size) => size < 10_000))
    expect(connection.session).toBe(session)
  },
)
