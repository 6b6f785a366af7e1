import { afterEach, expect, test } from 'vitest'
import { type FarEnd, limits, start, type Way } from './by-hand.ts'

const open: ReturnType<typeof start>[] = []
afterEach(async () => {
  for (const { close } of open.splice(0)) await close()
})

/** A connection over one transport. */
function startOne() {
  const started = start('only')
  open.push(started)
  return { ...started, links: (started.ways[0] as Way).links }
}

const entry = (topic: string, cursor: string, data: unknown) => ['entry', topic, cursor, 1, data]
const history = [1, 2, 3].map((n) => [`k.${n}`, 1, n])

/** What a hub does with a log of three entries when it is asked for all of them, by a subscription or by a read. */
function answerFromStart(far: FarEnd) {
  if (far.of('subscribe').some(([, , topic, from]) => topic === 'p' && from === 'start'))
    far.down(['subscribed', 'p', 'k.0', { from: 'start' }], ...history.map((each) => ['entry', 'p', ...each]))
  for (const [, id] of far.of('read')) far.down(['page', id, 'k.0', history, true])
}

test('an entry of a conflated topic is acknowledged on each link that brings it', async () => {
  const started = start('better', 'lesser')
  open.push(started)
  const { connection, pass } = started
  const [better, lesser] = started.ways as [Way, Way]
  const heard: unknown[] = []
  connection.topic('p').subscribe((data) => heard.push(data))
  // The better one hangs: the lesser one carries.
  await pass(1_000)
  const below = lesser.links[0]!
  const conflated = ['subscribed', 'p', 'k.5', { from: 'live', conflate: true }]
  below.welcome(conflated)
  await pass(0)
  better.links[0]!.lose()
  await pass(0)
  connection.reconnect()
  await pass(0)
  const above = better.links[1]!
  expect(above.topics.get('p')).toBe('k.5')
  below.down(entry('p', 'k.6', 'six'))
  await pass(0)
  expect(below.acknowledged).toContainEqual(['p', 'k.6'])
  // It stands where its hello said, and holds the next entry back until this one is acknowledged here too.
  above.welcome(['subscribed', 'p', 'k.5', { from: 'k.5', conflate: true }], entry('p', 'k.6', 'six'))
  await pass(0)
  expect(above.acknowledged).toContainEqual(['p', 'k.6'])
  above.down(entry('p', 'k.9', 'nine'))
  expect(heard).toEqual(['six', 'nine'])
})

test('a topic that is taken again from the start gets all of it, though a hello with its old cursor is on its way', async () => {
  const { connection, links, pass } = startOne()
  const before = connection.topic('p').subscribe()
  await pass(0)
  links[0]!.welcome(['subscribed', 'p', 'k.3', { from: 'live' }])
  await pass(0)
  links[0]!.lose()
  await pass(1_000)
  const far = links[1]!
  expect(far.topics.get('p')).toBe('k.3')
  before.unsubscribe()
  await pass(1_000)
  const heard: unknown[] = []
  connection.topic('p', { from: 'start' }).subscribe((data) => heard.push(data))
  far.welcome()
  await pass(0)
  expect(far.of('subscribe').map(([, , topic, from]) => [topic, from])).toEqual([['p', 'start']])
  far.down(['subscribed', 'p', 'k.3', { from: 'k.3' }])
  await pass(0)
  answerFromStart(far)
  await pass(0)
  far.down(entry('p', 'k.4', 4))
  expect(heard).toEqual([1, 2, 3, 4])
})

test('the late answer to a subscription that was left is not taken for the answer to the next one', async () => {
  const { connection, links, pass } = startOne()
  await pass(0)
  const far = links[0]!
  far.welcome()
  await pass(0)
  connection.topic('p').subscribe().unsubscribe()
  await pass(1_000)
  const heard: unknown[] = []
  connection.topic('p', { from: 'start' }).subscribe((data) => heard.push(data))
  await pass(0)
  far.down(['subscribed', 'p', 'k.3', { from: 'live' }])
  await pass(0)
  answerFromStart(far)
  await pass(0)
  far.down(entry('p', 'k.4', 4))
  expect(heard).toEqual([1, 2, 3, 4])
})

test('a gap begins where its listener stands, though compaction has left nothing between there and the wire', async () => {
  const { connection, links, pass } = startOne()
  connection.topic('p').subscribe()
  const events: unknown[] = []
  await pass(0)
  const far = links[0]!
  far.welcome(['subscribed', 'p', 'k.3', { from: 'live', conflate: true }])
  await pass(0)
  connection.topic('p', { from: 'start' }).events$.subscribe((event) => events.push(event))
  await pass(0)
  far.down(entry('p', 'k.6', 'newer'))
  const page = (...page: unknown[]) => far.down(['page', far.of('read').at(-1)![1], ...page])
  page('k.0', [['k.2', 1, 'two']], true)
  await pass(0)
  page('new.0', [], true)
  expect(events).toMatchObject([{ cursor: 'k.2' }, { type: 'gap', from: 'k.2', to: 'new.0' }])
})

test('one who reads history while the log begins anew misses nothing of the new log', async () => {
  const { connection, links, pass } = startOne()
  const live: unknown[] = []
  const late: unknown[] = []
  connection.topic('p').subscribe((data) => live.push(data))
  await pass(0)
  links[0]!.welcome(['subscribed', 'p', 'old.100', { from: 'live' }])
  await pass(0)
  connection.topic('p', { from: 'start' }).subscribe((data) => late.push(data))
  await pass(0)
  expect(links[0]!.of('read').length).toBe(1)
  links[0]!.lose()
  await pass(1_000)
  const far = links[1]!
  far.welcome(
    ['subscribed', 'p', 'old.100', { from: 'old.100' }],
    ['gap', 'p', 'old.100', 'new.0', 'epoch'],
    entry('p', 'new.1', 'a'),
  )
  await pass(0)
  const [first] = far.of('read')
  far.down(['page', first![1], 'new.0', [['new.1', 1, 'a']], true])
  await pass(0)
  for (const [, id, , from] of far.of('read').slice(1)) far.down(['page', id, from, [], true])
  for (const n of [2, 3, 4]) far.down(entry('p', `new.${n}`, n))
  expect(live).toEqual(['a', 2, 3, 4])
  expect(late).toEqual(['a', 2, 3, 4])
})

test('after a new session what is acknowledged is cursors alone, and none of the old inbox', async () => {
  const { connection, links, pass } = startOne()
  connection.topic('p').subscribe()
  connection.inbox.subscribe()
  await pass(0)
  const subscribed = ['subscribed', 'p', 'k.5', { from: 'live', conflate: true }]
  links[0]!.welcome(subscribed, entry('$inbox', 'i.1', 'hi'))
  links[0]!.lose('session-lost', 'renew')
  await pass(1_000)
  const far = links[1]!
  // The new inbox is not there yet when the topic is.
  far.welcomeTo(far.hello.session, ['subscribed', 'p', 'k.5', { from: 'k.5', conflate: true }], entry('p', 'k.6', 6))
  await pass(0)
  expect(far.acknowledged).toEqual([['p', 'k.6']])
})

test('a new link asks for no history on behalf of those who have left', async () => {
  const { connection, links, pass } = startOne()
  connection.topic('p').subscribe()
  await pass(0)
  links[0]!.welcome(['subscribed', 'p', 'k.5', { from: 'live' }])
  await pass(0)
  links[0]!.lose()
  const fromStart = connection.topic('p', { from: 'start' })
  for (let visit = 0; visit < 500; visit++) fromStart.subscribe().unsubscribe()
  fromStart.subscribe()
  await pass(1_000)
  links[1]!.welcome()
  await pass(0)
  expect(links[1]!.of('read').length).toBe(1)
})

test('no batch is larger than the hub takes, whatever has to be said beside a large message', async () => {
  const { connection, links, pass } = startOne()
  const name = 'n'.repeat(190)
  connection.topic(name).subscribe()
  await pass(0)
  links[0]!.welcome(['subscribed', name, 'k.5', { from: 'live' }])
  await pass(0)
  links[0]!.lose()
  for (let reader = 0; reader < 1_000; reader++) connection.topic(name, { from: { last: 3 } }).subscribe()
  const published = connection.topic('x').publish(new Uint8Array(limits.messageBytes))
  await pass(1_000)
  const far = links[1]!
  far.welcome()
  await pass(0)
  expect([far.of('read').length, far.of('publish').length]).toEqual([1_000, 1])
  expect(Math.max(...far.batches)).toBeLessThanOrEqual(limits.batchBytes)
  far.down(['receipt', far.of('publish')[0]![1], 'x.1'])
  expect((await published).offset).toBe(1)
})

test('each listener is told a gap that begins where it stands itself', async () => {
  const { connection, links, pass } = startOne()
  const told: unknown[][] = []
  for (const from of ['k.5', 'k.8', 'k.20', 'k.5'] as const)
    connection.topic('p', { from }).events$.subscribe((event) => told.push([from, event]))
  await pass(0)
  const far = links[0]!
  far.welcome(['subscribed', 'p', 'k.5', { from: 'k.5' }])
  await pass(0)
  far.down(['gap', 'p', 'k.5', 'k.20', 'trimmed'], entry('p', 'k.21', 'next'))
  await pass(0)
  const gap = (from: string) => [from, { type: 'gap', from, to: 'k.20', reason: 'trimmed' }]
  expect(told.slice(0, 3)).toEqual([gap('k.5'), gap('k.8'), gap('k.5')])
  expect(told.slice(3).map(([, event]) => (event as { data: unknown }).data)).toEqual(['next', 'next', 'next', 'next'])
})

test('each heartbeat is answered with all cursors, for word of one may have been lost between two servers', async () => {
  const { connection, links, pass } = startOne()
  connection.topic('p').subscribe()
  await pass(0)
  const far = links[0]!
  far.welcome(['subscribed', 'p', 'k.0', { from: 'live', conflate: true }], entry('p', 'k.1', 'one'))
  await pass(0)
  expect(far.acknowledged).toEqual([['p', 'k.1']])
  far.down(['heartbeat'])
  await pass(0)
  expect(far.acknowledged.slice(1)).toEqual([
    ['$inbox', 'i.0'],
    ['p', 'k.1'],
  ])
})

test('what a path finds too large was perhaps carried by an earlier one, and then it is no rejection', async () => {
  const { connection, links, pass } = startOne()
  const answers = Promise.allSettled(['one', 'two'].map((text) => connection.topic('p').publish(text)))
  await pass(0)
  const far = links[0]!
  far.welcome()
  await pass(0)
  const [first, second] = far.of('publish')
  // The first had got there; its receipt was lost.
  expect([first, second].map((frame) => far.tooLarge(JSON.stringify(frame)))).toEqual(['["skip",1]', '["skip",2]'])
  far.down(['receipt', 1, 'k.1'], ['reject', 2, 'too-large', 'the way takes no message of its size'])
  expect(await answers).toMatchObject([
    { status: 'fulfilled', value: { cursor: 'k.1' } },
    { status: 'rejected', reason: { code: 'too-large', outcome: 'rejected' } },
  ])
})

test('a start that is none ends those who gave it, and the others of the topic go on from theirs', async () => {
  const { connection, links, pass } = startOne()
  const told: unknown[] = []
  const listen = (from: string) =>
    connection
      .topic('p', { from })
      .subscribe({ next: (data) => told.push([from, data]), error: ({ code }) => told.push([from, code]) })
  for (const from of ['k.99', 'start', 'k.99', 'start']) listen(from)
  await pass(0)
  const far = links[0]!
  far.welcome(['refused', 'p', 'bad-cursor', 'it has not come to k.99'])
  await pass(0)
  answerFromStart(far)
  await pass(0)
  expect(told).toEqual([
    ['k.99', 'bad-cursor'],
    ['k.99', 'bad-cursor'],
    ...[1, 2, 3].flatMap((n) => [
      ['start', n],
      ['start', n],
    ]),
  ])
})
