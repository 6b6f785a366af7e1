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
