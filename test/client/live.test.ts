import { createHub } from '@holdfast/server'
import { afterEach, describe, expect, test } from 'vitest'
import { start, type Way } from '../regressions/by-hand.ts'

const open: ReturnType<typeof start>[] = []
afterEach(async () => {
  for (const { close } of open.splice(0)) await close()
})

/** A connection that is watched from its beginning. */
async function begin(...names: string[]) {
  const started = start(...names)
  open.push(started)
  const topic = started.connection.topic('p')
  const seen: (boolean | 'complete')[] = []
  topic.live$.subscribe({ next: (live) => seen.push(live), complete: () => seen.push('complete') })
  await started.pass(0)
  return { ...started, topic, seen, links: (started.ways[0] as Way).links }
}

const subscribed = (cursor = 'k.3', from = 'live') => ['subscribed', 'p', cursor, { from }]

describe('live$', () => {
  test('is true from when the hub sends the topic until the link is lost, and again', async () => {
    const { topic, seen, links, pass } = await begin('only')
    topic.subscribe()
    links[0]!.welcome()
    await pass(0)
    expect(seen).toEqual([false])
    links[0]!.down(subscribed())
    expect(seen).toEqual([false, true])
    links[0]!.lose()
    expect(seen).toEqual([false, true, false])
    await pass(1_000)
    links[1]!.welcome()
    expect(seen).toEqual([false, true, false])
    links[1]!.down(subscribed('k.3', 'k.3'))
    expect(seen).toEqual([false, true, false, true])
  })

  test('replays the latest, and is the same whatever the start', async () => {
    const { connection, topic, links } = await begin('only')
    topic.subscribe()
    links[0]!.welcome(subscribed())
    const seen: boolean[] = []
    topic.from('start').live$.subscribe((live) => seen.push(live))
    connection.topic('other').live$.subscribe((live) => seen.push(live))
    expect(seen).toEqual([true, false])
  })

  test('of one who comes later waits for the history that it begins with', async () => {
    const { topic, seen, links, pass } = await begin('only')
    topic.subscribe()
    links[0]!.welcome(subscribed())
    const later = topic.from('start')
    const heard: unknown[] = []
    later.subscribe((data) => heard.push(data))
    const live: boolean[] = []
    later.live$.subscribe((is) => live.push(is))
    await pass(0)
    const [[, id] = []] = links[0]!.of('read')
    expect(live).toEqual([false])
    links[0]!.down(['page', id, 'k.0', [1, 2, 3].map((n) => [`k.${n}`, 1, n]), true])
    expect([heard, live, seen]).toEqual([
      [1, 2, 3],
      [false, true],
      [false, true],
    ])
  })

  test('alone subscribes to nothing', async () => {
    const { seen, links, pass } = await begin('only')
    links[0]!.welcome()
    await pass(1_000)
    expect([...links[0]!.topics.keys()]).toEqual(['$inbox'])
    expect(links[0]!.of('subscribe')).toEqual([])
    expect(seen).toEqual([false])
  })

  test('does not waver while a better transport takes over', async () => {
    const { connection, topic, seen, ways, pass } = await begin('better', 'lesser')
    const [better, lesser] = ways as [Way, Way]
    topic.subscribe()
    await pass(1_000)
    lesser.links[0]!.welcome(subscribed())
    await pass(0)
    better.links[0]!.lose()
    connection.reconnect()
    await pass(0)
    const above = better.links.at(-1)!
    above.welcome()
    await pass(0)
    expect(connection.getState().transport).toBe('better')
    above.down(subscribed('k.3', 'k.3'))
    await pass(0)
    expect(seen).toEqual([false, true])
    above.lose()
    expect(seen).toEqual([false, true, false])
  })

  test('of a topic that begins with its snapshot waits for that', async () => {
    const { topic, seen, links } = await begin('only')
    topic.from('snapshot').subscribe()
    await Promise.resolve()
    links[0]!.welcome(['subscribed', 'p', 'k.3', { from: 'snapshot', snapshot: true }])
    expect(seen).toEqual([false])
    links[0]!.down(['snapshot', 'p', 'k.3', {}])
    expect(seen).toEqual([false, true])
  })

  test('is false once the topic is refused', async () => {
    const { topic, seen, links } = await begin('only')
    topic.subscribe({ error: () => {} })
    links[0]!.welcome(subscribed(), ['refused', 'p', 'revoked', 'taken back'])
    expect(seen).toEqual([false, true, false])
  })

  test('is false once nobody listens', async () => {
    const { topic, seen, links, pass } = await begin('only')
    const listener = topic.subscribe()
    links[0]!.welcome(subscribed())
    listener.unsubscribe()
    await pass(100)
    expect(seen).toEqual([false, true, false])
  })

  test('ends with the connection', async () => {
    const { connection, topic, seen, links, pass } = await begin('only')
    topic.subscribe()
    links[0]!.welcome(subscribed())
    const closed = connection.close()
    await pass(5_000)
    await closed
    expect(seen).toEqual([false, true, false, 'complete'])
    const late: unknown[] = []
    topic.live$.subscribe({ next: (live) => late.push(live), complete: () => late.push('complete') })
    expect(late).toEqual([false, 'complete'])
  })

  test('on the hub is true until the hub closes', async () => {
    const hub = createHub({ authorize: () => true })
    const seen: unknown[] = []
    const watch = () =>
      hub.topic('p').live$.subscribe({ next: (live) => seen.push(live), complete: () => seen.push('complete') })
    watch()
    expect(seen).toEqual([true])
    await hub.close({ drainMs: 0 })
    expect(seen).toEqual([true, false, 'complete'])
    watch()
    expect(seen.slice(3)).toEqual([false, 'complete'])
  })
})
