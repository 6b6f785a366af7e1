import { type Connection, connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub, type Hub, type HubOptions } from '@holdfast/server'
import { afterEach, expect, test } from 'vitest'
import { follow } from './follow.ts'

const open = { authorize: () => true } satisfies HubOptions
const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function createRoom(options: HubOptions<any> = open) {
  const hub: Hub<any> = createHub<any>(options)
  const errors: string[] = []
  hub.errors$.subscribe(({ code }) => errors.push(code))
  hub.topics('chat:*', { presence: true })
  ends.push(() => hub.close({ drainMs: 0 }))
  const client = (token?: string) => {
    const network = memory(hub)
    const connection = connect('http://test', { transports: [network], ...(token !== undefined && { token }) })
    ends.push(() => connection.close())
    return Object.assign(connection, { network })
  }
  return { hub, client, errors }
}

const enter = (connection: Connection, topic = 'chat:lobby') => connection.topic(topic).subscribe()

test('who subscribes is there, for clients and on the hub, and who unsubscribes is not', async () => {
  const { hub, client, errors } = createRoom()
  const [ada, bob, eve] = [client(), client(), client()]
  const seen = [follow(eve.presence('chat:lobby')), follow(hub.presence('chat:lobby'))]
  enter(ada)
  const talk = enter(bob)
  for (const one of seen) await expect.poll(() => one.here).toEqual([ada.session, bob.session].sort())
  talk.unsubscribe()
  for (const one of seen) await expect.poll(() => one.here).toEqual([ada.session])
  await ada.close()
  for (const one of seen) await expect.poll(() => one.here).toEqual([])
  expect(seen[0]?.info).toEqual({})
  expect(errors).toEqual([])
})
