import { serverLimits } from '@holdfast/protocol'
import { createHub, memoryBroker } from '@holdfast/server'
import { createFakeClock, settled } from '../server/clock.ts'
import { seeded } from '../support/world.ts'
import { createHonest, honest } from './honest.ts'

const sessionTtlMs = 4_000

/** The hub that takes what comes, without sockets and on a clock of its own, and an honest client beside. */
export async function createArena() {
  const errors: string[] = []
  const lingering: (() => void)[] = []
  const { clock, pass } = createFakeClock(Date.UTC(2025, 0, 1))
  const random = seeded(2)
  const hub = createHub<unknown>({
    clock,
    random,
    broker: memoryBroker({ clock, random }),
    sessionTtlMs,
    history: { count: 12, bytes: 64 * 1024, ageMs: 60_000 },
    limits: { topics: 300, subscriptions: 20, requests: 4, streams: 200 },
    authenticate: ({ token }) => (token === honest.token ? 'honest' : null),
    authorize: ({ user, topic }) => topic !== 'secrets' && (topic !== honest.topic || user === 'honest'),
  })
  hub.errors$.subscribe(({ code, cause }) => {
    // One handler fails on purpose.
    if (code !== 'handler-failed')
      errors.push(`the hub reported ${code}: ${cause instanceof Error ? cause.stack : cause}`)
  })
  hub.topics('board', { conflate: true, snapshot: () => ({ state: { A: 1 } }) })
  hub.topics('pri*', {
    conflate: (data: unknown) => JSON.stringify((data as { symbol?: unknown } | null)?.symbol) ?? '',
  })
  hub.topics('checked', { schema: { '~standard': { version: 1, vendor: 'test', validate } } })
  hub.topics('mute*', { history: { count: 0 } })
  hub.handle('echo', ({ data }) => data)
  hub.handle('fail', () => {
    throw new Error('on purpose')
  })
  hub.handle('say', ({ data, session }) => void session.send(data).catch(() => {}))
  hub.handle('wait', () => new Promise<void>((resolve) => lingering.push(resolve)))
  const client = createHonest(hub, clock)
  await settled()
  await pass(1_000)
  let checks = 0

  return {
    hub,
    /** The public id of the honest client's session. */
    victim: client.session,
    errors,
    /** A peer that goes only when those that say nothing have been found out. */
    linger: (gone: () => void) => void lingering.push(gone),
    /** Lets everything that was begun come to its end, and answers what is wrong then. */
    async check(): Promise<string[]> {
      const wrong = await client.check(() => pass(1_000))
      await pass(4 * serverLimits.heartbeatMs)
      for (const gone of lingering.splice(0)) gone()
      await pass(1.5 * sessionTtlMs)
      const { sessions, streams, topics, bytesBuffered } = hub.stats()
      const left = { ...sessions, streams, topics, bytesBuffered }
      const alone = { websocket: 1, sse: 0, poll: 0, away: 0, streams: 0, topics: 1, bytesBuffered: 0 }
      if (JSON.stringify(left) !== JSON.stringify(alone)) wrong.push(`left behind: ${JSON.stringify(left)}`)
      if (++checks % 2 === 1) await client.leave()
      return [...wrong, ...errors.splice(0)]
    },
    async close(): Promise<string[]> {
      const wrong = await client.check(() => pass(1_000))
      const ended = Promise.all([client.close(), hub.close({ drainMs: 0 })])
      await pass(5_000)
      await ended
      return [...wrong, ...errors.splice(0)]
    },
  }
}

function validate(value: unknown) {
  return typeof value === 'object' ? { value } : { issues: [{ message: 'no object', path: ['a', { key: 'b' }] }] }
}
