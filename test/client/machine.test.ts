import { describe, expect, test } from 'vitest'
import { seeded } from '../support/world.ts'
import type { Script } from './scripted.ts'
import { start, time } from './started.ts'

const refused: Script = { lost: { after: 5, code: 'refused' } }
const works: Script = { proves: 10 }
const swallowed: Script = {}

describe('the race', () => {
  test('a healthy first transport carries, and nothing else is tried', async () => {
    const { connection, sse, path } = start({ websocket: [works], sse: [works], poll: [works] })
    await time.pass(1_000)
    expect(connection.getState()).toMatchObject({ phase: 'online', transport: 'websocket', reason: null, attempt: 0 })
    expect(path).toEqual(['0 idle', '0 connecting.headStart', '10 online.settled websocket'])
    expect(sse?.opened).toEqual([])
  })

  test('one that is refused hands on at once', async () => {
    const { connection, path } = start({ websocket: [refused], sse: [works] })
    await time.pass(100)
    expect(path).toContain('5 connecting.hedging')
    expect(path).toContain('15 online.lesser sse')
    expect(connection.getState()).toMatchObject({ transport: 'sse', reason: 'refused', lastError: { code: 'refused' } })
  })

  test('one that is swallowed hands on after the head start, and is given up after 10 s', async () => {
    const { connection, path, websocket } = start({ websocket: [swallowed], sse: [works] })
    await time.pass(300)
    expect(path).toContain('200 connecting.hedging')
    expect(path).toContain('210 online.upgrading sse')
    expect(connection.getState().reason).toBe('trying')
    await time.pass(9_800)
    expect(connection.getState()).toMatchObject({ state: 'online.lesser', reason: 'swallowed' })
    expect(websocket?.openNow).toBe(0)
  })

  test('a slow one takes over when it proves itself', async () => {
    const { connection, sse } = start({ websocket: [{ proves: 1_000 }], sse: [works] })
    await time.pass(500)
    expect(connection.getState()).toMatchObject({ transport: 'sse', state: 'online.upgrading' })
    await time.pass(600)
    expect(connection.getState()).toMatchObject({ transport: 'websocket', state: 'online.settled' })
    expect(sse?.openNow).toBe(0)
  })

  test('the third starts beside the first two', async () => {
    const { connection, path } = start({ websocket: [refused], sse: [swallowed], poll: [works] })
    await time.pass(1_000)
    expect(path).toContain('715 online.upgrading poll')
    expect(connection.getState().transport).toBe('poll')
  })

  test('a refusal just after the second has started leaves the third its time', async () => {
    const { path, poll } = start({
      websocket: [{ lost: { after: 204, code: 'refused' } }],
      sse: [{ proves: 100 }],
      poll: [works],
    })
    await time.pass(1_000)
    expect(path).toContain('300 online.lesser sse')
    expect(poll?.opened).toEqual([])
  })

  test('never two handshakes of one transport at once', async () => {
    const { websocket, connection } = start({
      websocket: [swallowed],
      sse: [{ proves: 10, lost: { after: 400 } }, works],
    })
    await time.pass(8_000)
    connection.reconnect()
    await time.pass(8_000)
    expect(websocket?.most).toBe(1)
  })
})

describe('climbing', () => {
  test('a better transport is tried after pauses that grow', async () => {
    const { websocket } = start({ websocket: [refused], sse: [works] }, { timing: { probeMs: 1_000 } })
    await time.pass(16_000)
    const pauses = websocket?.opened.slice(1).map((at, i) => at - (websocket.opened[i] as number))
    // The first counts from when SSE took over, 10 ms after the refusal at 5 ms.
    expect(pauses?.slice(0, 4)).toEqual([1_015, 2_005, 4_005, 8_005])
  })

  test('the state says when the next try is, also while connected', async () => {
    const { connection } = start({ websocket: [refused], sse: [works] }, { timing: { probeMs: 1_000 } })
    await time.pass(100)
    expect(connection.getState()).toMatchObject({ state: 'online.lesser', retryAt: 1_000_000 + 15 + 1_000 })
    await time.pass(1_000)
    expect(connection.getState().retryAt).toBe(1_000_000 + 1_015 + 5 + 2_000)
  })

  test('a hint of another network tries it at once, and starts the pauses over', async () => {
    const page = new EventTarget()
    const { websocket, connection } = start(
      { websocket: [refused, refused, works], sse: [works] },
      { page: page as never },
    )
    await time.pass(6_000)
    expect(websocket?.opened).toHaveLength(2)
    page.dispatchEvent(new Event('online'))
    await time.pass(20)
    expect(connection.getState()).toMatchObject({ transport: 'websocket', state: 'online.settled' })
  })

  test.each(['a hint', 'reconnect()'])(
    'a handshake that hangs in the air gives way to a new one at %s',
    async (how) => {
      const page = new EventTarget()
      const { websocket, connection } = start({ websocket: [{}, works], sse: [works] }, { page: page as never })
      await time.pass(1_000)
      expect(connection.getState()).toMatchObject({ transport: 'sse', state: 'online.upgrading' })
      if (how === 'a hint') page.dispatchEvent(new Event('online'))
      else connection.reconnect()
      await time.pass(20)
      expect(connection.getState()).toMatchObject({ transport: 'websocket', state: 'online.settled' })
      expect(websocket).toMatchObject({ opened: { length: 2 }, most: 1 })
    },
  )

  test('what was lost quickly three times must hold beside another one first', async () => {
    const short: Script = { proves: 10, lost: { after: 500 } }
    const { connection, path, sse } = start(
      { websocket: [short, short, short, short, works], sse: [works] },
      { timing: { probeMs: 1_000, trialMs: 2_000 } },
    )
    await time.pass(10_000)
    expect(sse?.opened).toHaveLength(1)
    expect(path.filter((at) => at.endsWith('online.settled websocket'))).toHaveLength(4)
    expect(path.filter((at) => at.endsWith('online.trial sse')).length).toBeGreaterThanOrEqual(2)
    expect(connection.getState()).toMatchObject({ transport: 'websocket', state: 'online.settled' })
  })

  test('a cut that takes every transport is no flap', async () => {
    const { connection, websocket, path } = start({ websocket: [works], sse: [works] })
    for (let i = 0; i < 6; i++) {
      await time.pass(1_500)
      websocket?.cut()
      await time.pass(1_500)
      if (connection.getState().transport === 'sse') break
    }
    // On probation the cuts go on: it was the network.
    await time.pass(20_000)
    expect(path.at(-1)).toContain('online.settled websocket')
  })
})

describe('losses', () => {
  test('the first retry comes within 100 ms, then full jitter under a cap that grows with the time without a link', async () => {
    const { websocket } = start(
      { websocket: [{ proves: 10, lost: { after: 2_000 } }, refused] },
      { random: () => 0.999 },
    )
    await time.pass(120_000)
    const at = websocket?.opened.map((one) => one - 1_000_000) ?? []
    expect((at[1] as number) - 2_000).toBeLessThan(100)
    const pauses = at.slice(2).map((one, i) => Math.round(one - (at[i + 1] as number) - 5))
    const lasted = at.slice(1).map((one) => one + 5 - 2_000)
    const caps = lasted.map((ms, i) => Math.min(20_000, 2 * Math.max(500, ms), 1_000 * 2 ** i))
    expect(pauses).toEqual(caps.slice(0, pauses.length).map((ms) => Math.round(0.999 * ms)))
    expect(pauses[0]).toBe(999)
    expect(pauses.at(-1)).toBe(19_980)
  })

  test('the backoff is reset only by a stable while', async () => {
    const { connection } = start({ websocket: [refused, refused, refused, { proves: 10 }] })
    await time.pass(4_000)
    expect(connection.getState()).toMatchObject({ phase: 'online' })
    expect(connection.getState().attempt).toBeGreaterThan(0)
    await time.pass(5_000)
    expect(connection.getState().attempt).toBe(0)
  })

  test('the hub says later: not before its delay', async () => {
    const later: Script = { lost: { after: 5, code: 'later', delayMs: 3_000 } }
    const { websocket, connection } = start({ websocket: [later, works], sse: [works] })
    await time.pass(10)
    expect(connection.getState()).toMatchObject({ state: 'waiting', retryAt: 1_000_000 + 5 + 3_250 })
    await time.pass(4_000)
    expect(websocket?.opened).toEqual([1_000_000, 1_003_255])
  })

  test('the hub says stop: failed, until reconnect() is called', async () => {
    const { connection, sse } = start({
      websocket: [{ lost: { after: 5, code: 'malformed', action: 'stop' } }, works],
      sse: [works],
    })
    await time.pass(60_000)
    expect(connection.getState()).toMatchObject({ phase: 'failed', lastError: { code: 'malformed' } })
    expect(sse?.opened).toEqual([])
    await expect(connection.topic('a').publish(1)).rejects.toMatchObject({ outcome: 'not-sent', code: 'malformed' })
    connection.reconnect()
    await time.pass(100)
    expect(connection.getState().phase).toBe('online')
  })

  test('a token refused is asked for again once; refused again, it fails', async () => {
    const wrong: Script = { lost: { after: 5, code: 'unauthenticated', action: 'authenticate' } }
    let asked = 0
    const token = () => `t${++asked}`
    const first = start({ websocket: [wrong, works] }, { token })
    await time.pass(1_000)
    expect(first.connection.getState().phase).toBe('online')
    expect(first.websocket?.hellos.map((hello) => hello.token)).toEqual(['t1', 't2'])
    await first.connection.close()
    const second = start({ websocket: [wrong] }, { token })
    await time.pass(1_000)
    expect(second.connection.getState()).toMatchObject({ phase: 'failed', lastError: { code: 'unauthenticated' } })
    expect(second.websocket?.opened).toHaveLength(2)
  })

  test('racers share one token, and a new attempt asks again', async () => {
    let asked = 0
    const { websocket, sse } = start(
      { websocket: [swallowed], sse: [{ proves: 10, lost: { after: 20_000 } }, works] },
      { token: async () => `t${++asked}` },
    )
    await time.pass(1_000)
    expect([websocket?.hellos[0]?.token, sse?.hellos[0]?.token]).toEqual(['t1', 't1'])
  })

  test('a session that the hub has lost is followed by a new one at once', async () => {
    const lost: Script = { lost: { after: 5, code: 'session-lost', action: 'renew' } }
    const { connection, websocket } = start(
      { websocket: [{ proves: 10, lost: { after: 2_000 } }, lost, works] },
      { random: seeded(1) },
    )
    await time.pass(2_500)
    expect(connection.getState().phase).toBe('online')
    const [first, again, fresh] = websocket?.hellos ?? []
    expect(again).toMatchObject({ mode: 'resume', session: first?.session })
    expect(fresh?.mode).toBe('new')
    expect(fresh?.session).not.toBe(first?.session)
  })

  test('… also after a long outage, whose rounds were no failures of the session; but not for ever', async () => {
    const lost: Script = { lost: { after: 5, code: 'session-lost', action: 'renew' } }
    const outage = Array.from({ length: 6 }, () => refused)
    const { websocket } = start(
      { websocket: [{ proves: 10, lost: { after: 2_000 } }, ...outage, lost] },
      { random: () => 0.999 },
    )
    await time.pass(120_000)
    const opened = websocket?.opened ?? []
    const pauses = opened.slice(8).map((at, i) => Math.round(at - (opened[i + 7] as number) - 5))
    expect(pauses.slice(0, 5)).toEqual([100, 100, 100, 19_980, 19_980])
  })
})

describe('suspicion', () => {
  test('an idle link that goes silent is noticed within 10 s and replaced', async () => {
    const { path } = start({ websocket: [{ proves: 10, pong: null }, works] })
    await time.pass(1_600)
    // The ping right after the welcome was never answered.
    expect(path).toContain('1510 online.suspect websocket')
    expect(path).toContain('1520 online.settled websocket')
  })

  test('a link that answers late is trusted again, and the replacement dropped', async () => {
    const { connection, path, sse } = start({ websocket: [{ proves: 10, pong: 1_600 }, swallowed], sse: [swallowed] })
    await time.pass(1_700)
    expect(path).toContain('1510 online.suspect websocket')
    expect(connection.getState()).toMatchObject({ state: 'online.settled', transport: 'websocket' })
    expect(sse?.openNow).toBe(0)
  })

  test('a large message on a slow way up is given time, a small one is not', async () => {
    // Whatever comes after the first ping takes 3 s.
    const slow: Script = { proves: 10, pong: [10, 3_000] }
    const large = start({ websocket: [slow] })
    await time.pass(100)
    void large.connection
      .topic('a')
      .publish('x'.repeat(250_000))
      .catch(() => {})
    await time.pass(4_000)
    expect(large.path.filter((at) => at.includes('suspect'))).toEqual([])
    await large.connection.close()
    const small = start({ websocket: [slow] })
    await time.pass(100)
    void small.connection
      .topic('a')
      .publish('x')
      .catch(() => {})
    await time.pass(4_000)
    expect(small.path.filter((at) => at.includes('suspect'))).not.toEqual([])
  })

  test('a link that never answers is given up, and the race goes on', async () => {
    const { connection } = start({ websocket: [{ proves: 10, pong: null }, swallowed, works] })
    await time.pass(6_000)
    expect(connection.getState().phase).toBe('reconnecting')
    await time.pass(20_000)
    expect(connection.getState()).toMatchObject({ phase: 'online' })
  })
})

describe('the page', () => {
  test('hidden for good it parks and keeps its session; shown it resumes', async () => {
    const page = new EventTarget()
    const { connection, websocket } = start({ websocket: [works] }, { page: page as never })
    await time.pass(100)
    page.dispatchEvent(new Event('pagehide'))
    expect(connection.getState()).toMatchObject({ state: 'parked', phase: 'offline', transport: null })
    expect(websocket?.openNow).toBe(0)
    await time.pass(60_000)
    expect(websocket?.opened).toHaveLength(1)
    page.dispatchEvent(new Event('pageshow'))
    await time.pass(100)
    expect(connection.getState().phase).toBe('online')
    expect(websocket?.hellos[1]).toMatchObject({ mode: 'resume', session: websocket?.hellos[0]?.session })
  })

  test('offline by the browser: tried now and then all the same, and at once when it is online', async () => {
    const navigator = { onLine: false }
    const page = Object.assign(new EventTarget(), { navigator })
    const { connection, websocket } = start({ websocket: [refused, refused, works] }, { page: page as never })
    await time.pass(1_000)
    expect(connection.getState()).toMatchObject({ phase: 'offline', state: 'offline' })
    await time.pass(15_000)
    expect(websocket?.opened).toHaveLength(2)
    navigator.onLine = true
    page.dispatchEvent(new Event('online'))
    await time.pass(100)
    expect(connection.getState().phase).toBe('online')
  })
})

describe('what worked', () => {
  test('is remembered until it expires, and a better one is still climbed to', async () => {
    const items = new Map<string, string>()
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
    }
    const first = start({ websocket: [swallowed], sse: [works] }, { storage })
    await time.pass(1_000)
    await first.connection.close()
    const second = start({ websocket: [works], sse: [works] }, { storage, timing: { probeMs: 5_000 } })
    await time.pass(100)
    expect(second.path).toContain('10 online.lesser sse')
    expect(second.connection.getState().reason).toBe('remembered')
    await time.pass(6_000)
    expect(second.connection.getState()).toMatchObject({ transport: 'websocket', reason: null })
  })
})
