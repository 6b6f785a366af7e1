import { type Connection, connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub, type Hub, type HubOptions } from '@holdfast/server'
import { afterEach, expect, test } from 'vitest'
import { follow } from './follow.ts'

const open = { authorize: () => true } satisfies HubOptions
// The machine may be busy, and a client that is cut again waits longer.
const patient = { timeout: 10_000 }
const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function createRoom(options: HubOptions<any> = open) {
  const hub: Hub<any> = createHub<any>(options)
  const errors: string[] = []
  hub.errors$.subscribe(({ code }) => errors.push(code))
  hub.topics('chat:*', { presence: true })
  hub.topics('team:*', { presence: (user: string, { id }) => ({ name: user, own: id.length }) })
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
  for (const one of seen) await expect.poll(() => one.here, patient).toEqual([ada.session, bob.session].sort())
  talk.unsubscribe()
  for (const one of seen) await expect.poll(() => one.here, patient).toEqual([ada.session])
  await ada.close()
  for (const one of seen) await expect.poll(() => one.here, patient).toEqual([])
  expect(seen[0]?.info).toEqual({})
  expect(errors).toEqual([])
})

test('others see what the hub declares of a user, and nothing else', async () => {
  const secret = { name: 'ada', password: 'x' }
  const { hub, client } = createRoom({ ...open, authenticate: ({ token }) => (token === 'ada' ? secret : token) })
  hub.topics('named', { presence: ({ name }) => ({ name }) })
  const ada = client('ada')
  const [bare, named] = [follow(hub.presence('chat:lobby')), follow(hub.presence('named'))]
  enter(ada)
  enter(ada, 'named')
  await expect.poll(() => bare.info, patient).toEqual({ [ada.session]: null })
  await expect.poll(() => named.info, patient).toEqual({ [ada.session]: { name: 'ada' } })
})

test('a presence hook that fails, or answers too much, is reported, and the session is shown without', async () => {
  const { hub, client, errors } = createRoom()
  hub.topics('fails', {
    presence() {
      throw new Error('on purpose')
    },
  })
  hub.topics('large', { presence: () => 'x'.repeat(2_000) })
  const ada = client()
  for (const topic of ['fails', 'large']) {
    const seen = follow(hub.presence(topic))
    enter(ada, topic)
    await expect.poll(() => seen.info, patient).toEqual({ [ada.session]: null })
  }
  expect(errors).toEqual(['hook-failed', 'hook-failed'])
})

test('more than the limit are subscribed and not shown, which is said once; who leaves makes room', async () => {
  const { hub, client, errors } = createRoom({ ...open, limits: { presence: 2 } })
  const seen = follow(hub.presence('chat:lobby'))
  const clients: Connection[] = []
  for (const n of [1, 2, 3, 4]) {
    clients.push(client())
    enter(clients.at(-1) as Connection)
    await expect.poll(() => seen.here.length + (hub.stats().refusals['presence-limit'] ?? 0), patient).toBe(n)
  }
  expect(errors).toEqual(['presence-limit'])
  const heard: unknown[] = []
  clients[3]?.topic('chat:lobby').subscribe((text) => heard.push(text))
  await hub.topic('chat:lobby').publish('hello')
  await expect.poll(() => heard, patient).toEqual(['hello'])
  await clients[0]?.close()
  await expect.poll(() => seen.here, patient).not.toContain(clients[0]?.session)
  await expect.poll(() => seen.here.length, patient).toBe(2)
  expect(errors).toEqual(['presence-limit'])
  expect(hub.stats().refusals['presence-limit']).toBe(2)
})

test('who may not hear the topic may not see who is there, and a topic without presence has none', async () => {
  const { hub, client } = createRoom({
    authorize: ({ topic, action }) => topic !== 'chat:secret' && action !== 'publish',
  })
  const ada = client()
  enter(ada, 'plain')
  const ends = ['chat:secret', 'plain', 'chat:\n', `chat:${'x'.repeat(186)}`]
  for (const [index, code] of ['forbidden', 'bad-topic', 'bad-topic', 'bad-topic'].entries()) {
    const seen = follow(ada.presence(ends[index] as string))
    await expect.poll(() => seen.ended, patient).toBe(code)
  }
  await expect(ada.topic('$presence/chat:lobby').publish('x')).rejects.toMatchObject({ code: 'forbidden' })
  const onHub = follow(hub.presence('plain'))
  await expect.poll(() => onHub.ended, patient).toBe('bad-topic')
  await expect(hub.topic('$presence/chat:lobby').publish('x')).rejects.toMatchObject({ code: 'bad-topic' })
  const long = `chat:${'x'.repeat(185)}`
  const seen = follow(ada.presence(long))
  enter(ada, long)
  await expect.poll(() => seen.here, patient).toEqual([ada.session])
})

test('a right that is taken back ends the presence: of the user for others, and of others for the user', async () => {
  const { hub, client } = createRoom({ ...open, authenticate: ({ token }) => token ?? 'nobody' })
  const [ada, bob] = [client('ada'), client('bob')]
  for (const one of [ada, bob]) one.topic('chat:lobby').subscribe({ error() {} })
  const [byAda, byBob] = [follow(ada.presence('chat:lobby')), follow(bob.presence('chat:lobby'))]
  for (const one of [byAda, byBob]) await expect.poll(() => one.here.length, patient).toBe(2)
  await hub.revoke('ada', 'chat:lobby')
  await expect.poll(() => byBob.here, patient).toEqual([bob.session])
  await expect.poll(() => byAda.ended, patient).toBe('revoked')
})

test('a session that the hub ends is no longer there', async () => {
  const { hub, client } = createRoom({ ...open, authenticate: ({ token }) => token ?? 'nobody' })
  const ada = client('ada')
  const seen = follow(hub.presence('chat:lobby'))
  ada.topic('chat:lobby').subscribe({ error() {} })
  await expect.poll(() => seen.here, patient).toEqual([ada.session])
  await hub.disconnect('ada')
  await expect.poll(() => seen.here, patient).toEqual([])
})

test('a cut, and what is subscribed again after it, changes nothing; what was given up meanwhile does', async () => {
  const { hub, client } = createRoom()
  const ada = client()
  const seen = [follow(hub.presence('chat:lobby')), follow(hub.presence('chat:garden'))]
  const lobby = enter(ada)
  enter(ada, 'chat:garden')
  for (const one of seen) await expect.poll(() => one.here, patient).toEqual([ada.session])
  const before = seen.map(({ steps }) => [...steps])
  const heard: unknown[] = []
  ada.topic('chat:garden').subscribe((text) => heard.push(text))
  for (const n of [1, 2]) {
    expect(ada.network.cut()).toBeGreaterThan(0)
    ada.reconnect()
    await hub.topic('chat:garden').publish(n)
    await expect.poll(() => heard.at(-1), patient).toBe(n)
  }
  expect(seen.map(({ steps }) => steps)).toEqual(before)
  lobby.unsubscribe()
  ada.network.cut()
  ada.reconnect()
  await expect.poll(() => seen.map(({ here }) => here), patient).toEqual([[], [ada.session]])
})
