import { BrokerError, memoryBroker } from '@holdfast/server'
import { describe, expect, test } from 'vitest'
import { settled } from './clock.ts'
import { drawSession } from './support.ts'
import { connectSocket, createWorld, request, slowBroker } from './world.ts'

/** Enough turns for a broker that answers later. */
const quiet = async () => {
  for (let turn = 0; turn < 60; turn++) await settled()
}

function twoNodes(options: Parameters<ReturnType<typeof createWorld>['hub']>[0] = {}) {
  const world = createWorld()
  const inner = memoryBroker({ clock: world.clock })
  const broker = slowBroker(inner)
  const [a, b] = [world.hub({ broker, ...options }), world.hub({ broker, ...options })]
  const close = async () => {
    await Promise.all([a.close({ drainMs: 0 }), b.close({ drainMs: 0 })])
    expect(world.time.timers).toBe(0)
  }
  return { ...world, broker, inner, a, b, close }
}

describe('two nodes on one broker', () => {
  test('serve a stream here and its POSTs there', async () => {
    const { a, b, close } = twoNodes()
    for (const node of [a, b]) node.handle('double', ({ data }) => (data as number) * 2)
    const { id, hello, line } = drawSession()
    const stream = request(a, '/sse', hello([['$inbox', 'start']]))
    await quiet()
    expect(stream.frames.map(([kind]) => kind)).toEqual(['welcome', 'subscribed'])
    const posted = request(
      b,
      '/send',
      `${line()}\n["ping",1]\n["subscribe",1,"chat","live"]\n["publish",2,"chat","x"]\n["request",3,"double",4]`,
    )
    await quiet()
    expect(posted.frames).toEqual([
      ['receipt', 1],
      ['receipt', 2, expect.any(String)],
      ['receipt', 3],
    ])
    const came = stream.frames.slice(2)
    expect(came.filter(([kind]) => kind === 'pong')).toEqual([['pong', 1]])
    expect(came).toContainEqual(['subscribed', 'chat', expect.any(String), { from: 'live' }])
    expect(came).toContainEqual(['entry', '$inbox', expect.any(String), expect.any(Number), 8, 'reply.3'])
    const more = request(a, '/send', `${line()}\n["publish",2,"chat","x"]\n["publish",4,"chat","y"]`)
    await quiet()
    expect(more.frames).toEqual([
      ['receipt', 2, posted.frames[1]![2]],
      ['receipt', 4, expect.any(String)],
    ])
    const chat = stream.frames.filter(([kind, topic]) => kind === 'entry' && topic === 'chat')
    expect(chat.map((entry) => entry.slice(4))).toContainEqual(['y', `${id}.4`])
    await close()
  })

  test('a publish at one reaches the subscribers of both, the hubs own too', async () => {
    const { a, b, close } = twoNodes()
    const heard: unknown[] = []
    b.topic('t').events$.subscribe(
      (event) => event.type === 'message' && heard.push([event.data, event.session?.id, event.user]),
    )
    const [one, two] = [drawSession(), drawSession()]
    const here = connectSocket(a, one.hello([['t', 'live']]))
    const there = connectSocket(
      b,
      two.hello([
        ['t', 'live'],
        ['$inbox', 'start'],
      ]),
    )
    await quiet()
    await here.send(['publish', 1, 't', 'hi'])
    await quiet()
    for (const far of [here, there])
      expect(far.of('entry').map((entry) => entry.slice(4))).toEqual([['hi', `${one.id}.1`]])
    expect(heard).toEqual([['hi', one.id, null]])
    // What a hub sends to a session that lives at the other comes as well.
    a.topic('t').events$.subscribe((event) => event.type === 'message' && event.session?.send('for you'))
    await quiet()
    await there.send(['publish', 1, 't', 'answer me'])
    await quiet()
    expect(there.of('entry').find(([, topic]) => topic === '$inbox')?.[4]).toBe('for you')
    await close()
  })

  test('two copies of a batch at both are applied once and in order', async () => {
    const { a, b, close } = twoNodes()
    const { hello, line } = drawSession()
    const heard: unknown[] = []
    a.topic('t').subscribe((data) => heard.push(data))
    const far = connectSocket(a, hello())
    await quiet()
    const frames = [1, 2, 3, 4, 5].map((n) => JSON.stringify(['publish', n, 't', n])).join('\n')
    void far.send(frames)
    const copies = [request(b, '/send', `${line()}\n${frames}`), request(b, '/send', `${line()}\n${frames}`)]
    await quiet()
    await quiet()
    expect(heard).toEqual([1, 2, 3, 4, 5])
    const receipts = far.of('receipt')
    for (const copy of copies) expect(copy.frames).toEqual(receipts)
    await close()
  })

  test('a session moves to the other node at its cursors; the older link there is superseded', async () => {
    const { a, b, close } = twoNodes()
    const { hello } = drawSession()
    const first = connectSocket(a, hello([['t', 'live']]))
    await quiet()
    await first.send(['publish', 1, 't', 1])
    await quiet()
    const cursor = first.of('entry')[0]![2]
    const second = connectSocket(b, hello([['t', cursor]], { link: 2, mode: 'resume' }))
    await quiet()
    expect(second.of('welcome')[0]![2].received).toBe(1)
    await second.send(['ping', 1], ['publish', 1, 't', 1], ['publish', 2, 't', 2])
    await quiet()
    expect([first.code, first.reason]).toEqual([4003, 'superseded'])
    expect(second.of('receipt').map(([, n]) => n)).toEqual([1, 2])
    expect(second.of('entry').map((entry) => entry[4])).toEqual([2])
    await close()
  })

  test('polls go to any node', async () => {
    const { a, b, close, pass } = twoNodes()
    const { hello, line } = drawSession()
    const first = await request(a, '/poll', hello()).answer
    expect(first.frames.map(([kind]) => kind)).toEqual(['welcome'])
    const cursor = (await b.topic('t').publish('x')).cursor.replace(/\d+$/, '0')
    for (const node of [b, a]) {
      const poll = request(node, '/poll', `${line()}\n${JSON.stringify(['poll', [['t', cursor]]])}`)
      await quiet()
      await pass(5_500)
      expect(poll.ended).toBe(true)
      const frames = [...poll.frames]
      if (!frames.some(([kind]) => kind === 'entry')) {
        const again = request(node, '/poll', `${line()}\n${JSON.stringify(['poll', [['t', cursor]]])}`)
        await quiet()
        frames.push(...again.frames)
      }
      expect(frames).toContainEqual(['entry', 't', cursor.replace(/0$/, '1'), expect.any(Number), 'x'])
    }
    await close()
  })

  test('what is said to one node is heard where the poll waits, though a former poll has been at that one', async () => {
    const { a, b, close } = twoNodes()
    const { hello, line } = drawSession()
    await request(a, '/poll', hello()).answer
    const poll = () => request(b, '/poll', `${line()}\n["poll",[]]`)
    for (const frame of ['["ping",7]', '["subscribe",1,"t","live"]']) {
      const waiting = poll()
      await quiet()
      const posted = await request(a, '/send', `${line()}\n${frame}`).answer
      expect(posted.status).toBe(200)
      await quiet()
      expect(waiting.ended).toBe(true)
      expect(waiting.frames).toEqual([
        frame.includes('ping') ? ['pong', 7] : ['subscribed', 't', expect.any(String), { from: 'live' }],
      ])
    }
    await close()
  })

  test('revoke and disconnect reach every node', async () => {
    const { a, b, close } = twoNodes({ authenticate: ({ token }) => ({ id: token ?? '' }) })
    const sessions = [drawSession(), drawSession(), drawSession()]
    const [ada, again, bob] = sessions.map(({ hello }, i) =>
      connectSocket(
        [a, b, b][i]!,
        hello(
          [
            ['t', 'live'],
            ['u', 'live'],
          ],
          { token: i < 2 ? 'ada' : 'bob' },
        ),
      ),
    )
    await quiet()
    await a.revoke({ id: 'ada' }, 't')
    await quiet()
    for (const far of [ada, again])
      expect(far!.of('refused').map((frame) => frame.slice(1, 3))).toEqual([['t', 'revoked']])
    await a.topic('t').publish('secret')
    await a.topic('u').publish('open')
    await quiet()
    for (const far of [ada, again]) expect(far!.of('entry').map((entry) => entry[4])).toEqual(['open'])
    expect(bob!.of('entry')).toHaveLength(2)
    await b.disconnect({ id: 'ada' })
    await quiet()
    expect([ada, again, bob].map((far) => far!.reason)).toEqual(['disconnected', 'disconnected', ''])
    const back = connectSocket(a, sessions[0]!.hello([], { token: 'ada', mode: 'resume', link: 2 }))
    await quiet()
    expect(back.code).toBe(4305)
    await close()
  })

  test('each POST is let in by its own secret, and by what the broker says of the session by then', async () => {
    const { a, b, close, inner } = twoNodes()
    const { id, hello, line } = drawSession()
    connectSocket(a, hello([['$inbox', 'start']]))
    await quiet()
    const post = async (session: string) => {
      const posted = request(b, '/send', `${session}\n["ping",1]`)
      await quiet()
      return [posted.status, posted.frames[0]?.[0], posted.frames[0]?.[2]]
    }
    for (const _ of [1, 2, 3]) expect(await post(line())).toEqual([200, 'heartbeat', undefined])
    expect(await post(line().replace('x'.repeat(22), `${'x'.repeat(21)}y`))).toEqual([403, 'close', 'wrong-secret'])
    expect(await post(line())).toEqual([200, 'heartbeat', undefined])
    const record = (await inner.sessions.get(id))!
    const ended = JSON.stringify({ ...JSON.parse(record), ended: { code: 'disconnected', message: 'it was' } })
    expect(await inner.sessions.replace(id, record, ended, 60_000)).toBe(true)
    expect(await post(line())).toEqual([403, 'close', 'disconnected'])
    await close()
  })

  test('bye at one node ends the session at the other, and gives back what it held', async () => {
    const { a, b, close, inner } = twoNodes()
    const { id, hello, line } = drawSession()
    const far = connectSocket(a, hello([['$inbox', 'start']]))
    await quiet()
    request(b, '/send', `${line()}\n["bye"]`)
    await quiet()
    expect(far.reason).toBe('session-closed')
    expect([a, b].map((node) => node.stats().sessions)).toEqual(
      Array(2).fill({ websocket: 0, sse: 0, poll: 0, away: 0 }),
    )
    expect(await inner.sessions.received(id)).toBe(0)
    await close()
  })
})

describe('a broker that fails', () => {
  test('certainly: the number is rejected', async () => {
    const { a, broker, close } = twoNodes()
    const far = connectSocket(a, drawSession().hello())
    await quiet()
    broker.fail = (operation) => (operation === 'append' ? new BrokerError('no', { certain: true }) : null)
    await far.send(['publish', 1, 't', 1])
    await quiet()
    broker.fail = () => null
    await far.send(['publish', 2, 't', 2])
    await quiet()
    expect(far.of('reject').map((frame) => frame.slice(1, 3))).toEqual([[1, 'broker-failed']])
    expect(far.of('receipt').map(([, n]) => n)).toEqual([2])
    await close()
  })

  test('after it applied: the same append again gives the same receipt, and a request is started once', async () => {
    const { a, broker, close, pass } = twoNodes()
    let started = 0
    a.handle('count', () => ++started)
    const far = connectSocket(a, drawSession().hello([['t', 'live']]))
    await quiet()
    let failures = 0
    broker.fail = (operation) =>
      (operation === 'append' || operation === 'record') && failures++ % 2 === 0
        ? Object.assign(new Error('cut'), { late: true })
        : null
    await far.send(['publish', 1, 't', 'x'], ['request', 2, 'count', null])
    for (let n = 0; n < 10; n++) {
      await quiet()
      await pass(100)
    }
    expect(far.of('entry')).toHaveLength(1)
    expect(far.of('receipt')).toEqual([
      ['receipt', 1, far.of('entry')[0]![2]],
      ['receipt', 2],
    ])
    expect(started).toBe(1)
    await close()
  })

  test('for long: the link ends without a receipt, and the resent number is applied once', async () => {
    const { a, broker, close, pass, errors } = twoNodes()
    const { hello } = drawSession()
    const far = connectSocket(a, hello())
    await quiet()
    broker.fail = (operation) => (operation === 'append' ? new Error('cut') : null)
    await far.send(['publish', 1, 't', 1])
    for (let n = 0; n < 10; n++) {
      await quiet()
      await pass(200)
    }
    expect([far.reason, far.of('receipt')]).toEqual(['broker-failed', []])
    expect(errors).toEqual(['broker-failed'])
    broker.fail = () => null
    const next = connectSocket(a, hello([['t', 'start']], { link: 2, mode: 'resume' }))
    await quiet()
    await next.send(['publish', 1, 't', 1])
    await quiet()
    expect(next.of('receipt')).toHaveLength(1)
    expect(next.of('entry')).toHaveLength(1)
    await close()
  })
})
