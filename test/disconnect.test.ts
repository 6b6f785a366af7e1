import { afterEach, expect, test } from 'vitest'
import { createWorld, online, open, state, type World } from './support/world.ts'

let world: World
afterEach(() => world.close())

test('a code that asks to come back ends the links and keeps the session', async () => {
  let accepted = 'first'
  world = await createWorld({
    ...open,
    authenticate: ({ token }) => {
      if (token !== accepted) throw new Error('expired')
      return { id: 'ada' }
    },
  })
  world.hub.errors$.subscribe(() => {})
  const tokens = ['first', 'second']
  const connection = world.connect({ token: () => tokens.shift() ?? 'none' })
  const heard: unknown[] = []
  connection.topic('news').subscribe((data) => heard.push(data))
  await online(connection)
  await connection.topic('news').publish(1)
  const { session } = connection

  accepted = 'second'
  await world.hub.disconnect({ id: 'ada' }, 'token-expired')
  const gone = await state(connection, ({ phase }) => phase !== 'online')
  expect(gone.lastError?.code).toBe('token-expired')
  await world.hub.topic('news').publish(2)
  await online(connection)
  await connection.topic('news').publish(3)
  await expect.poll(() => heard).toEqual([1, 2, 3])
  expect(connection.session).toBe(session)
  expect(tokens).toEqual([])
})
