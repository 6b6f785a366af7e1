import { connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import type { Clock, Hub, SessionHandle } from '@holdfast/server'
import { seeded } from '../support/world.ts'

/** What only the honest client may use. */
export const honest = { token: 'an honest token', topic: 'honest' } as const

/**
 * A client beside the bad ones, which has to go on as if they were not there. When it was away, it has to find what was
 * published and sent to its inbox meanwhile.
 */
export function createHonest(hub: Hub, clock: Clock) {
  const network = memory(hub)
  const connection = connect('http://honest.test', {
    transports: [network],
    token: honest.token,
    clock,
    random: seeded(1),
  })
  const { session } = connection
  const topic = connection.topic(honest.topic)
  const expected = { topic: [] as unknown[], inbox: [] as unknown[], hub: [] as unknown[] }
  const heard = { topic: [] as unknown[], inbox: [] as unknown[], hub: [] as unknown[] }
  const errors: unknown[] = []
  let handle: SessionHandle | null = null
  let n = 0
  connection.errors$.subscribe((error) => errors.push(error))
  connection.inbox.subscribe((data) => heard.inbox.push(data))
  topic.events$.subscribe((event) => heard.topic.push(event.type === 'message' ? event.data : event))
  hub.topic(honest.topic).events$.subscribe((event) => {
    heard.hub.push(event.type === 'message' ? event.data : event)
    if (event.type === 'message') handle ??= event.session
  })

  async function expect(kind: keyof typeof expected, tell: () => Promise<unknown> | undefined): Promise<void> {
    expected[kind].push(n)
    if (kind === 'topic') expected.hub.push(n)
    await tell()
  }

  return {
    session,
    /** Goes away, and has something come meanwhile. */
    async leave(): Promise<void> {
      network.down = true
      network.cut()
      n++
      await expect('topic', () => hub.topic(honest.topic).publish(n))
      await expect('inbox', () => handle?.send(n))
    },
    /** Comes back if it was away, publishes and hears itself. Answers what went wrong. @param settle lets the world go on */
    async check(settle: () => Promise<void>): Promise<string[]> {
      network.down = false
      connection.reconnect()
      await settle()
      n++
      let receipts = 0
      await expect('topic', async () => {
        topic.publish(n).then(
          () => receipts++,
          (error) => errors.push(error),
        )
        await settle()
      })
      const wrong = [
        receipts === 1 ? '' : 'it has no receipt',
        connection.session === session ? '' : 'it has lost its session',
        JSON.stringify(heard) === JSON.stringify(expected)
          ? ''
          : `it heard ${JSON.stringify(heard)}, not ${JSON.stringify(expected)}`,
        ...errors.map(String),
      ].filter(Boolean)
      for (const list of [...Object.values(heard), ...Object.values(expected), errors]) list.length = 0
      return wrong.map((what) => `the honest client: ${what}`)
    },
    close: () => connection.close(),
  }
}
