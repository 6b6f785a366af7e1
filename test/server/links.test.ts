import { describe, expect, test } from 'vitest'
import { settled } from './clock.ts'
import { drawSession } from './support.ts'
import { connectSocket, createWorld, request } from './world.ts'

describe('downstream', () => {
  test('what is unacknowledged is bounded, and an ack opens the way', async () => {
    const { hub } = createWorld()
    const node = hub({ history: { count: 10_000, bytes: 1e9 } })
    const far = connectSocket(node, drawSession().hello([['a', 'live']]))
    await settled()
    for (let n = 1; n <= 300; n++) await node.topic('a').publish('x'.repeat(10_000))
    await settled()
    const first = far.of('entry').length
    expect(first * 10_000).toBeLessThan(1.1 * 1024 * 1024)
    expect(first).toBeGreaterThan(90)
    await far.send(['ack', [['a', far.of('entry')[49]![2]]]])
    const second = far.of('entry').length
    expect(second - first).toBeGreaterThan(40)
    expect(second - first).toBeLessThan(60)
    while (far.of('entry').length < 300) await far.send(['ack', [['a', far.of('entry').at(-1)![2]]]])
    expect(far.of('entry').map(([, , cursor]) => Number(cursor.split('.')[1]))).toEqual(
      Array.from({ length: 300 }, (_, i) => i + 1),
    )
    expect(far.of('gap')).toEqual([])
    await node.close({ drainMs: 0 })
  })

  test('a consumer that the log has moved past gets one gap, with a snapshot where there is one', async () => {
    const { hub } = createWorld()
    const node = hub({ limits: { inFlightBytes: 1000 } })
    node.topics('plain', { history: { count: 5 } })
    node.topics('state', { history: { count: 5 }, snapshot: () => ({ state: { all: true } }) })
    const far = connectSocket(
      node,
      drawSession().hello([
        ['plain', 'live'],
        ['state', 'live'],
      ]),
    )
    await settled()
    for (const topic of ['plain', 'state'])
      for (let n = 1; n <= 20; n++) await node.topic(topic).publish('x'.repeat(100))
    await settled()
    const last = (topic: string) =>
      far
        .of('entry')
        .filter((entry) => entry[1] === topic)
        .at(-1)
    const stopped = last('plain')![2]
    for (let n = 0; n < 20; n++) {
      await far.send(['ack', ['plain', 'state'].flatMap((topic) => (last(topic) ? [[topic, last(topic)![2]]] : []))])
    }
    const epoch = stopped.split('.')[0]
    expect(far.of('gap').filter(([, topic]) => topic === 'plain')).toEqual([
      ['gap', 'plain', stopped, `${epoch}.15`, 'overrun'],
    ])
    expect(last('plain')![2]).toBe(`${epoch}.20`)
    const gap = far.of('gap').find(([, topic]) => topic === 'state')!
    expect(far.of('snapshot')).toEqual([['snapshot', 'state', gap[3], { all: true }]])
    expect(gap[3]).toMatch(/\.20$/)
    await node.close({ drainMs: 0 })
  })

  test('of a conflated topic one entry of a key is on its way, and the newest arrives', async () => {
    const { hub } = createWorld()
    const node = hub()
    node.topics('prices', { conflate: (price: { symbol: string }) => price.symbol })
    const far = connectSocket(node, drawSession().hello([['prices', 'live']]))
    await settled()
    expect(far.of('subscribed')[0]![3]).toEqual({ from: 'live', conflate: true })
    const prices = node.topic('prices')
    for (let bid = 1; bid <= 50; bid++) for (const symbol of ['A', 'B']) await prices.publish({ symbol, bid })
    await settled()
    expect(far.of('entry')).toHaveLength(2)
    for (let n = 0; n < 5; n++) await far.send(['ack', [['prices', far.of('entry').at(-1)![2]]]])
    const offsets = far.of('entry').map(([, , cursor]) => Number(cursor.split('.')[1]))
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
    expect(
      far
        .of('entry')
        .slice(2)
        .map(([, , , , data]) => data),
    ).toEqual([
      { symbol: 'A', bid: 50 },
      { symbol: 'B', bid: 50 },
    ])
    expect(far.of('gap')).toEqual([])
    await node.close({ drainMs: 0 })
  })

  test('a cursor of another epoch, one that was trimmed, and one that never was', async () => {
    const { hub } = createWorld()
    const node = hub({ history: { count: 2 } })
    for (let n = 1; n <= 5; n++) await node.topic('a').publish(n)
    const { epoch } = await node.topic('a').publish(6)
    const far = connectSocket(node, drawSession().hello([['a', 'other.3']]))
    const trimmed = connectSocket(node, drawSession().hello([['a', `${epoch}.1`]]))
    const never = connectSocket(node, drawSession().hello([['a', `${epoch}.99`]]))
    await settled()
    await settled()
    expect(far.of('gap')).toEqual([['gap', 'a', 'other.3', `${epoch}.4`, 'epoch']])
    expect(trimmed.of('gap')).toEqual([['gap', 'a', `${epoch}.1`, `${epoch}.4`, 'trimmed']])
    expect(trimmed.of('entry').map((entry) => entry[4])).toEqual([5, 6])
    expect(never.of('refused')[0]![2]).toBe('bad-cursor')
    await node.close({ drainMs: 0 })
  })

  test('live is the head when the hello was read, however long authorize takes', async () => {
    const { hub } = createWorld()
    let allow: (may: boolean) => void = () => {}
    const node = hub({ authorize: () => new Promise<boolean>((resolve) => (allow = resolve)) })
    await node.topic('a').publish('before')
    const far = connectSocket(node, drawSession().hello([['a', 'live']]))
    await settled()
    expect(far.frames.map(([kind]) => kind)).toEqual(['welcome'])
    await node.topic('a').publish('meanwhile')
    allow(true)
    await settled()
    await settled()
    expect(far.of('entry').map((entry) => entry[4])).toEqual(['meanwhile'])
    await node.close({ drainMs: 0 })
  })

  test('live is that head for polls as well, though authorize outlasts them', async () => {
    const { hub, pass } = createWorld()
    const allow: ((may: boolean) => void)[] = []
    const node = hub({ authorize: () => new Promise<boolean>((resolve) => allow.push(resolve)) })
    const { hello, line } = drawSession()
    await node.topic('a').publish('before')
    const first = await request(node, '/poll', hello([['a', 'live']])).answer
    expect(first.frames.map(([kind]) => kind)).toEqual(['welcome'])
    await node.topic('a').publish('meanwhile')
    const poll = () => request(node, '/poll', `${line()}\n["poll",[["a","live"]]]`)
    const second = poll()
    await pass(5_500)
    expect(second.frames).toEqual([['heartbeat']])
    const third = poll()
    await settled()
    for (const may of allow) may(true)
    expect((await third.answer).frames.map((frame) => [frame[0], frame[4]])).toEqual([
      ['subscribed', undefined],
      ['entry', 'meanwhile'],
    ])
    await node.close({ drainMs: 0 })
  })

  test('the writes of one turn are one message', async () => {
    const { hub } = createWorld()
    const node = hub()
    const far = connectSocket(node, drawSession().hello([['a', 'live']]))
    await settled()
    const before = far.messages
    for (let n = 0; n < 10; n++) void node.topic('a').publish(n)
    await settled()
    expect(far.of('entry')).toHaveLength(10)
    expect(far.messages - before).toBe(1)
    await node.close({ drainMs: 0 })
  })

  test('what a POST asks for leaves on its stream before the POST is answered', async () => {
    const world = createWorld()
    const hub = world.hub({ clock: { ...world.clock, defer: setImmediate } })
    hub.handle('echo', ({ data }) => data)
    const { hello, line } = drawSession()
    const stream = request(hub, '/sse', hello([['$inbox', 'start']]))
    await settled()
    const { frames } = await request(hub, '/send', `${line()}\n["request",1,"echo","x"]`).answer
    expect(frames).toEqual([['receipt', 1]])
    expect(stream.frames.at(-1)?.slice(3)).toEqual([expect.any(Number), 'x', 'reply.1'])
    await hub.close({ drainMs: 0 })
  })
})

describe('time', () => {
  test('a quiet link gets heartbeats, and without a sign from the client it ends', async () => {
    const { hub, pass } = createWorld()
    const node = hub()
    const far = connectSocket(node, drawSession().hello())
    await pass(5_500)
    expect(far.of('heartbeat')).toHaveLength(1)
    await far.send(['ack', []])
    await pass(14_000)
    expect(far.code).toBe(0)
    await pass(2_000)
    expect([far.code, far.reason]).toEqual([4001, 'heartbeat-timeout'])
    await node.close({ drainMs: 0 })
  })

  test('a link that is never quiet gets heartbeats too, for the client to answer', async () => {
    const { hub, pass } = createWorld()
    const node = hub()
    const far = connectSocket(node, drawSession().hello([['a', 'live']]))
    for (let second = 0; second < 12; second++) {
      await pass(1_000)
      await node.topic('a').publish(second)
    }
    expect(far.of('heartbeat').length).toBeGreaterThan(0)
    await node.close({ drainMs: 0 })
  })

  test('a socket that takes nothing is not written to, and ends with too-slow', async () => {
    const { hub, pass } = createWorld()
    const node = hub({ limits: { bufferBytes: 10_000 }, history: { count: 1e5 } })
    const far = connectSocket(node, drawSession().hello([['a', 'live']]))
    await settled()
    far.stuck = true
    for (let n = 0; n < 100; n++) await node.topic('a').publish('x'.repeat(1_000))
    await settled()
    expect(far.buffered).toBeLessThan(20_000)
    expect(node.stats().bytesBuffered).toBe(far.buffered)
    far.drained()
    await settled()
    expect(far.of('entry').length).toBeGreaterThan(15)
    for (let n = 0; n < 8; n++) {
      await pass(4_000)
      await far.send(['ack', []])
    }
    expect([far.code, far.reason]).toEqual([4002, 'too-slow'])
    await node.close({ drainMs: 0 })
  })

  test('a session outlives its links by its time to live, and is lost then', async () => {
    const { hub, pass, time } = createWorld()
    const node = hub({ sessionTtlMs: 60_000 })
    const { hello } = drawSession()
    const first = connectSocket(node, hello())
    await settled()
    first.gone()
    const away = connectSocket(node, hello([], { mode: 'resume', link: 2 }))
    await settled()
    expect(away.of('welcome')).toHaveLength(1)
    away.gone()
    expect(node.stats().sessions).toEqual({ websocket: 0, sse: 0, poll: 0, away: 1 })
    await pass(59_000)
    expect(node.stats().sessions.away).toBe(1)
    await pass(32_000)
    expect(node.stats().sessions.away).toBe(0)
    const late = connectSocket(node, hello([], { mode: 'resume', link: 3 }))
    await settled()
    expect([late.code, late.reason]).toEqual([4050, 'session-lost'])
    await node.close({ drainMs: 0 })
    expect(time.timers).toBe(0)
  })

  test('a topic is let go when nobody has listened for a session lifetime', async () => {
    const { hub, pass } = createWorld()
    const node = hub({ sessionTtlMs: 1_000 })
    const far = connectSocket(node, drawSession().hello([['a', 'live']]))
    await pass(3_000)
    expect(node.stats().topics).toBe(1)
    await far.send(['unsubscribe', 1, 'a'])
    await pass(3_000)
    expect(node.stats().topics).toBe(0)
    await node.close({ drainMs: 0 })
  })

  test('and at a hub to which nobody has come', async () => {
    const { hub, pass } = createWorld()
    const node = hub({ sessionTtlMs: 1_000 })
    const metrics = Array.from({ length: 10 }, (_, i) => node.topic(`metric-${i}`))
    for (const metric of metrics) await metric.publish(1)
    expect(node.stats().topics).toBe(10)
    await pass(3_000)
    expect(node.stats().topics).toBe(0)
    // Who kept one publishes to it as it is now.
    await metrics[0]?.publish(2)
    expect(node.stats().topics).toBe(1)
    await node.close({ drainMs: 0 })
    await expect(metrics[0]?.publish(3)).rejects.toMatchObject({ code: 'closed', outcome: 'not-sent' })
  })
})

describe('links of a session', () => {
  test('a newer one supersedes the older with its first frame, not before', async () => {
    const { hub } = createWorld()
    let begun = 0
    const node = hub({ onSession: () => begun++ })
    const { hello } = drawSession()
    const first = connectSocket(node, hello())
    const second = connectSocket(node, hello([], { link: 2 }))
    await settled()
    expect([first.code, second.code, begun]).toEqual([0, 0, 1])
    await second.send(['ping', 1])
    expect([first.code, first.reason, second.code]).toEqual([4003, 'superseded', 0])
    const late = connectSocket(node, hello())
    await settled()
    expect(late.code).toBe(4003)
    await node.close({ drainMs: 0 })
  })

  test('the oldest of more than three goes', async () => {
    const { hub } = createWorld()
    const node = hub()
    const { hello } = drawSession()
    const links = [1, 2, 3, 4].map((link) => connectSocket(node, hello([], { link })))
    await settled()
    expect(links.map(({ code }) => code)).toEqual([4003, 0, 0, 0])
    await node.close({ drainMs: 0 })
  })

  test('a number that two links bring is dealt with once, in order', async () => {
    const { hub } = createWorld()
    const node = hub()
    const { hello, line } = drawSession()
    const heard: unknown[] = []
    node.topic('a').subscribe((data) => heard.push(data))
    const far = connectSocket(node, hello())
    await settled()
    const frames = [1, 2, 3].map((n) => JSON.stringify(['publish', n, 'a', n])).join('\n')
    const posted = request(node, '/send', `${line()}\n${frames}\n["publish",4,"a",4]`)
    await far.send(frames)
    await posted.answer
    await settled()
    expect(heard).toEqual([1, 2, 3, 4])
    expect(far.of('receipt').map(([, n]) => n)).toEqual([1, 2, 3])
    expect(posted.frames.map((frame) => frame[1])).toEqual([1, 2, 3, 4])
    await node.close({ drainMs: 0 })
  })
})
