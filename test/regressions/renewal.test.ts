import { expect, test } from 'vitest'
import { start, type Way } from './by-hand.ts'

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
