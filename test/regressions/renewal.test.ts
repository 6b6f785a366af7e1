import { expect, test } from 'vitest'
import { type FarEnd, start, type Way } from './by-hand.ts'

test('a try that has named a session which is given up never carries the next one', async () => {
  const { connection, ways, pass, close } = start('better', 'lesser')
  const [better, lesser] = ways as [Way, Way]
  const published = connection.topic('p').publish('one')
  await pass(1_000)
  lesser.links[0]!.welcome()
  await pass(0)
  connection.reconnect()
  await pass(0)
  // It has said hello for the session that the hub is about to take back.
  const climbing = better.links.at(-1)!
  lesser.links[0]!.lose('jump', 'renew')
  await expect(published).rejects.toMatchObject({ code: 'session-lost', outcome: 'unknown' })
  climbing.welcome()
  await pass(1_000)
  expect(climbing.of('subscribe')).toEqual([])
  expect(climbing.of('ping')).toEqual([])
  expect(better.links.at(-1)).not.toBe(climbing)
  await close()
})

const beginnings = (far: FarEnd) => far.of('subscribe').length + far.of('unsubscribe').length

test('a welcome to the successor is where the new session begins: cursors and what waits are kept, what was handed over is unknown', async () => {
  const { connection, ways, pass, close } = start('only')
  const { links } = ways[0] as Way
  const heard: unknown[] = []
  connection.topic('p').events$.subscribe((event) => heard.push(event))
  await pass(0)
  links[0]!.welcome(['subscribed', 'p', 'k.5', { from: 'live' }])
  expect(links[0]!.hello).not.toHaveProperty('successor')
  const before = connection.session
  const handed = connection.topic('p').publish('handed')
  await pass(0)
  links[0]!.lose()
  const waits = connection.topic('p').publish('waits')
  await pass(1_000)
  const far = links[1]!
  const { mode, successor, topics } = far.hello
  expect([mode, Object.fromEntries(topics).p]).toEqual(['resume', 'k.5'])
  far.welcomeTo(
    successor?.session,
    ['subscribed', '$inbox', 'j.0', { from: 'start' }],
    ['subscribed', 'p', 'k.5', { from: 'k.5' }],
    ['entry', 'p', 'k.6', 1, 'six'],
    ['entry', '$inbox', 'j.1', 1, 'welcome back'],
  )
  await expect(handed).rejects.toMatchObject({ code: 'session-lost', outcome: 'unknown' })
  expect([connection.session === successor?.session, connection.session === before]).toEqual([true, false])
  await pass(0)
  expect([far.of('publish').map(([, n, , data]) => [n, data]), beginnings(far)]).toEqual([[[1, 'waits']], 0])
  far.down(['receipt', 1, 'k.7'])
  expect((await waits).offset).toBe(7)
  expect(heard).toMatchObject([{ cursor: 'k.6' }])
  expect(connection.getState()).toMatchObject({ phase: 'online', attempt: 1 })
  await close()
})

test('the first welcome decides whether a session is lost: links of the other one do not carry', async () => {
  for (const isLost of [false, true]) {
    const { connection, ways, pass, close } = start('better', 'lesser')
    const [better, lesser] = ways as [Way, Way]
    await pass(0)
    better.links[0]!.welcome()
    await pass(0)
    better.links[0]!.lose()
    await pass(1_000)
    const [first, second] = [lesser.links.at(-1)!, better.links.at(-1)!]
    expect(first.hello).toEqual({ ...second.hello, link: first.hello.link })
    const named = [first.hello.session, first.hello.successor?.session]
    const [carried, other] = isLost ? named.reverse() : named
    first.welcomeTo(carried, ['subscribed', '$inbox', 'j.0', { from: 'start' }])
    expect([connection.session, connection.getState().transport]).toEqual([carried, 'lesser'])
    second.welcomeTo(other, ['subscribed', '$inbox', 'i.0', { from: 'start' }])
    await pass(100)
    expect([connection.session, connection.getState().transport]).toEqual([carried, 'lesser'])
    expect(connection.getState().lastError).toMatchObject({ code: 'session-lost' })
    expect(second.of('ping')).toEqual([])
    await close()
  }
})
