import { memoryBroker, type TopicOptions } from '@holdfast/server'
import { afterEach, describe, expect, test } from 'vitest'
import { settled } from './clock.ts'
import { drawSession, openStream, serve } from './support.ts'
import { connectSocket, createWorld, request } from './world.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A hub whose topic 'sum' has the sum of its numbers as its snapshot, and keeps three entries; six have been published. */
async function begin(snapshot: TopicOptions['snapshot'] | null = undefined) {
  const { hub, errors, clock, pass } = createWorld()
  const broker = memoryBroker({ clock })
  const node = hub({ broker })
  let [sum, asked] = [0, 0]
  const topic = node.topic<number>('sum')
  const publish = async (value: number) => {
    const receipt = await topic.publish(value)
    sum += value
    return receipt
  }
  const hook: TopicOptions['snapshot'] = () => {
    asked++
    return { state: sum }
  }
  node.topics('sum', { history: { count: 3 }, ...(snapshot !== null && { snapshot: snapshot ?? hook }) })
  let epoch = ''
  for (let n = 1; n <= 6; n++) epoch = (await publish(n)).epoch
  const far = connectSocket(node, drawSession().hello())
  await settled()
  const subscribe = async (from: string) => {
    await far.send(['subscribe', 1, 'sum', from])
    await pass(1)
    return far.frames.filter(([, name]) => name === 'sum')
  }
  ends.push(() => node.close({ drainMs: 0 }))
  const entries = (offsets: number[]) => offsets.map((n) => [`${epoch}.${n}`, expect.any(Number), n])
  return { node, topic, publish, epoch, far, errors, subscribe, pass, entries, asked: () => asked }
}

describe("a subscription from 'snapshot'", () => {
  test('has the snapshot first, then what comes after it', async () => {
    const { subscribe, publish, far, epoch } = await begin()
    const frames = await subscribe('snapshot')
    expect(frames).toEqual([
      ['subscribed', 'sum', `${epoch}.6`, { from: 'snapshot', snapshot: true }],
      ['snapshot', 'sum', `${epoch}.6`, 21],
    ])
    await publish(7)
    await settled()
    expect(far.of('entry').map(([, , cursor, , data]) => [cursor, data])).toEqual([[`${epoch}.7`, 7]])
  })

  test.each<[string, TopicOptions['snapshot'] | null, string[]]>([
    ['there is no hook', null, []],
    ['it answers nothing', () => null, []],
    [
      'it throws',
      () => {
        throw new Error('mine')
      },
      ['hook-failed'],
    ],
    ['its state is no payload', () => ({ state: new Date() }), ['hook-failed']],
    ['its cursor is none', () => ({ state: 1, cursor: 'yesterday' }), ['hook-failed']],
    ['its cursor is of another epoch', () => ({ state: 1, cursor: 'another.6' }), []],
  ])('begins with the oldest entry kept where %s', async (_, hook, reported) => {
    const { subscribe, errors, epoch, entries } = await begin(hook)
    const [subscribed, ...rest] = await subscribe('snapshot')
    expect(subscribed).toEqual(['subscribed', 'sum', `${epoch}.3`, { from: 'snapshot' }])
    expect(rest.map((frame) => frame.slice(2))).toEqual(entries([4, 5, 6]))
    expect(errors).toEqual(reported)
  })

  test.each([
    ['is older than what is kept', 2, 3, []],
    ['is the oldest position', 3, 3, []],
    ['has not been come to', 7, 3, ['hook-failed']],
  ] as const)('where the cursor %s', async (_, offset, position, reported) => {
    let cursor = ''
    const { subscribe, errors, epoch } = await begin(() => ({ state: 'the state', cursor }))
    cursor = `${epoch}.${offset}`
    const frames = await subscribe('snapshot')
    expect(frames[0]?.[2]).toBe(`${epoch}.${position}`)
    expect(frames.filter(([kind]) => kind === 'snapshot')).toHaveLength(offset === 3 ? 1 : 0)
    expect(frames.filter(([kind]) => kind === 'entry')).toHaveLength(3)
    expect(errors).toEqual(reported)
  })

  test('those who ask at the same time share it', async () => {
    const { node, asked } = await begin()
    const ways = Array.from({ length: 20 }, () => connectSocket(node, drawSession().hello([['sum', 'snapshot']])))
    await settled()
    for (const { of } of ways) expect(of('snapshot').map((frame) => frame[3])).toEqual([21])
    expect(asked()).toBe(1)
  })

  test('polls wait for a hook that is slow, and the answer has both', async () => {
    let answer = (_: { state: number }) => {}
    const slow = new Promise<{ state: number }>((resolve) => {
      answer = resolve
    })
    const { node, pass, epoch } = await begin(() => slow)
    const { hello, line } = drawSession()
    await request(node, '/poll', hello([['sum', 'snapshot']])).answer
    const poll = () => request(node, '/poll', `${line()}\n["poll",[["sum","snapshot"]]]`)
    const quiet = poll()
    await pass(6_000)
    expect((await quiet.answer).frames).toEqual([['heartbeat']])
    const next = poll()
    await settled()
    answer({ state: 21 })
    expect((await next.answer).frames).toEqual([
      ['subscribed', 'sum', `${epoch}.6`, { from: 'snapshot', snapshot: true }],
      ['snapshot', 'sum', `${epoch}.6`, 21],
    ])
  })
})

test('a gap says that its snapshot is the next frame', async () => {
  const { subscribe, epoch } = await begin()
  const frames = await subscribe(`${epoch}.1`)
  expect(frames.slice(1)).toEqual([
    ['gap', 'sum', `${epoch}.1`, `${epoch}.6`, 'trimmed', true],
    ['snapshot', 'sum', `${epoch}.6`, 21],
  ])
})

describe('a history read', () => {
  const read = async (from: string, hook?: TopicOptions['snapshot'] | null) => {
    const begun = await begin(hook)
    await begun.far.send(['read', 1, 'sum', from.replace('k.', `${begun.epoch}.`), 6])
    await settled()
    return { ...begun, page: begun.far.of('page')[0]!.slice(1) }
  }

  test("of 'snapshot' has it in its page", async () => {
    const { page, epoch } = await read('snapshot')
    expect(page).toEqual([1, `${epoch}.6`, [], true, 21])
  })

  test("of 'snapshot', with what comes after it", async () => {
    const { node, far, epoch, publish, entries } = await begin(() => ({ state: Uint8Array.of(1, 2, 3), cursor }))
    const cursor = `${epoch}.6`
    for (const n of [7, 8]) await publish(n)
    await far.send(['read', 1, 'sum', 'snapshot', 8])
    await settled()
    expect(far.of('page')).toEqual([['page', 1, cursor, entries([7, 8]), true, 'AQID', 'base64']])
    expect(node.stats().topics).toBe(1)
  })

  test("of 'snapshot' where there is none begins with the oldest entry kept", async () => {
    const { page, epoch, entries } = await read('snapshot', null)
    expect(page).toEqual([1, `${epoch}.3`, entries([4, 5, 6]), true])
  })

  test.each(['k.1', 'another.1'])('from %s, which is no longer there, has it too', async (from) => {
    const { page, epoch } = await read(from)
    expect(page).toEqual([1, `${epoch}.6`, [], true, 21])
  })

  test.each(['k.3', 'start', 'last-3'])('from %s, which is there, has none', async (from) => {
    const { page, epoch, entries, asked } = await read(from)
    expect(page).toEqual([1, `${epoch}.3`, entries([4, 5, 6]), true])
    expect(asked()).toBe(0)
  })
})

describe('the hub itself', () => {
  test('begins with the snapshot', async () => {
    const { node, epoch, publish } = await begin()
    const events: unknown[] = []
    node.topic('sum', { from: 'snapshot' }).events$.subscribe((event) => events.push(event))
    await settled()
    await publish(7)
    expect(events).toEqual([
      { type: 'snapshot', data: 21, cursor: `${epoch}.6` },
      expect.objectContaining({ type: 'message', data: 7, offset: 7 }),
    ])
  })

  test('is told that the snapshot follows the gap', async () => {
    const { topic, epoch } = await begin()
    const events: unknown[] = []
    topic.from(`${epoch}.1`).events$.subscribe((event) => events.push(event))
    await settled()
    expect(events).toEqual([
      { type: 'gap', from: `${epoch}.1`, to: `${epoch}.6`, reason: 'trimmed', snapshot: true },
      { type: 'snapshot', data: 21, cursor: `${epoch}.6` },
    ])
  })
})

test("a topic's own address: whoever resumes there after a cut has missed no snapshot", async () => {
  const served = await serve()
  ends.push(served.close)
  const { hub, base } = served
  hub.topics('sum', { history: { count: 3 }, snapshot: () => ({ state: { sum: 21 } }) })
  let epoch = ''
  for (let n = 1; n <= 6; n++) epoch = (await hub.topic('sum').publish(n)).epoch

  const stream = await openStream(`${base}/topics/sum?from=snapshot`)
  expect(await stream.event(1)).toBe(`id: ${epoch}.6\nevent: snapshot\ndata: {"sum":21}`)
  const behind = await openStream(`${base}/topics/sum`, { headers: { 'last-event-id': `${epoch}.1` } })
  const gap = { from: `${epoch}.1`, to: `${epoch}.6`, reason: 'trimmed', snapshot: true }
  expect(await behind.event(3)).toBe(`id: ${epoch}.6\nevent: snapshot\ndata: {"sum":21}`)
  expect(behind.events.slice(0, 2)).toEqual([`id: ${epoch}.1`, `event: gap\ndata: ${JSON.stringify(gap)}`])
  stream.close()
  behind.close()
})

test('whose right is taken back while the snapshot hook runs gets nothing of it by a history read', async () => {
  let [asked, ready] = [() => {}, () => {}]
  const isAsked = new Promise<void>((done) => {
    asked = done
  })
  const isReady = new Promise<void>((done) => {
    ready = done
  })
  let may = true
  const served = await serve({ authenticate: () => 'ada', authorize: () => may })
  ends.push(served.close)
  const { hub, base } = served
  hub.topics('sum', {
    async snapshot() {
      asked()
      await isReady
      return { state: 'secret' }
    },
  })
  await hub.topic('sum').publish(1)
  const { hello, line } = drawSession()
  const say = async (path: string, ...lines: string[]) =>
    (await fetch(`${base}/${path}`, { method: 'POST', body: lines.join('\n') })).text()
  await say('poll', hello())
  const answer = say('send', line(), '["read",1,"sum","snapshot",5]')
  await isAsked
  may = false
  await hub.revoke('ada', 'sum')
  ready()
  expect(JSON.parse(await answer)).toEqual(['unread', 1, 'forbidden', expect.any(String)])
})
