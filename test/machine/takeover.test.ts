import { connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub } from '@holdfast/server'
import { expect, test } from 'vitest'
import { createFakeClock } from '../server/clock.ts'

test('a slow better transport still takes over where the lesser link was cut and replaced meanwhile', async () => {
  const time = createFakeClock()
  const { clock, pass } = time
  const slowMs = 1_500
  const hub = createHub({
    clock,
    authorize: () => true,
    authenticate: ({ headers }) =>
      new Promise((resolve) => clock.setTimeout(() => resolve('ada'), headers.slow ? slowMs : 0)),
  })
  const slow = memory(hub, { headers: { slow: 'yes' } })
  const quick = memory(hub)
  const transports = [
    { ...slow, name: 'better' },
    { ...quick, name: 'lesser' },
  ]
  const connection = connect('http://test', { transports, clock, random: () => 0.5, storage: null, page: null })
  const codes = new Set<string | undefined>()
  connection.state$.subscribe(({ lastError }) => codes.add(lastError?.code))

  await pass(500)
  expect(connection.getState()).toMatchObject({ transport: 'lesser', state: 'online.upgrading' })
  quick.cut()
  await pass(0)
  expect(connection.getState()).toMatchObject({ transport: 'lesser', reason: 'trying' })
  await pass(slowMs)
  expect(connection.getState()).toMatchObject({ transport: 'better', state: 'online.settled' })
  expect([...codes]).toEqual([undefined, 'cut'])

  const closed = connection.close()
  await pass(2_000)
  await closed
  const hubClosed = hub.close({ drainMs: 0 })
  await pass(2_000)
  await hubClosed
  expect(time.timers, 'timers left behind').toBe(0)
})

test('nothing is lost where a doubted transport takes over from a link that the hub ends at its first word', async () => {
  const time = createFakeClock()
  const { clock, pass } = time
  const hub = createHub({ clock, authorize: () => true })
  const better = memory(hub)
  const lesser = memory(hub)
  const transports = [
    { ...better, name: 'better' },
    { ...lesser, name: 'lesser' },
  ]
  const connection = connect('http://test', { transports, clock, random: () => 0.5, storage: null, page: null })
  const heard: unknown[] = []
  const states: string[] = []
  connection.topic('p', { from: 'start' }).subscribe((data) => heard.push(data))
  connection.state$.subscribe(({ state, transport }) => states.push(`${state} ${transport}`))
  const accepted: Promise<unknown>[] = []
  let n = 0
  const flow = async (ms: number) => {
    for (const end = clock.now() + ms; clock.now() < end; await pass(100)) {
      accepted.push(connection.topic('p').publish(++n))
    }
  }

  for (let cuts = 0; cuts < 3; cuts++) {
    await flow(500)
    better.cut()
  }
  await flow(20_000)
  expect(states).toContain('online.trial lesser')
  expect(connection.getState()).toMatchObject({ transport: 'better', state: 'online.settled' })
  await Promise.all(accepted)
  expect(heard).toEqual(Array.from({ length: n }, (_, i) => i + 1))

  const ended = Promise.all([connection.close(), hub.close({ drainMs: 0 })])
  await pass(2_000)
  await ended
  expect(time.timers, 'timers left behind').toBe(0)
})
