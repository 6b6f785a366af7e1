import { connect, type Transport } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub } from '@holdfast/server'
import { firstValueFrom } from 'rxjs'
import { expect, test } from 'vitest'
import { online } from '../support/world.ts'

test('what waited for a full buffer goes as soon as anything says that there is room', async () => {
  let full = false
  let accept = () => {}
  const accepted = new Promise<boolean>((resolve) => {
    accept = () => resolve(true)
  })
  // Its heartbeat would bring it on its way, much later.
  const hub = createHub({ heartbeatMs: 60_000, authorize: ({ action }) => (action === 'publish' ? accepted : true) })
  await hub.topic('history').publish(1)
  const network = memory(hub)
  const transport: Transport = {
    ...network,
    open(request, events) {
      const link = network.open(request, events)
      return {
        get writable() {
          return !full && link.writable
        },
        send: link.send,
        close: link.close,
      }
    },
  }
  const connection = connect('http://test', { transports: [transport] })
  await online(connection)
  connection.topic('history').subscribe()
  await firstValueFrom(connection.topic('history', { from: 'start' }))

  const published = connection.topic('a').publish(1)
  await Promise.resolve()
  full = true
  const read = firstValueFrom(connection.topic('history', { from: 'start' }))
  await Promise.resolve()
  full = false
  accept()
  await published
  expect(await read).toBe(1)
  await connection.close()
  await hub.close()
}, 3_000)
