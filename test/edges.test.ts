import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect as dial } from 'node:net'
import { createHub } from '@holdfast/server'
import { afterEach, describe, expect, test } from 'vitest'
import { createWorld, online, open, state, type World } from './support/world.ts'

describe('what is no input', () => {
  let world: World
  afterEach(() => world.close())

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e9])(
    '{ last: %d } fails that subscriber alone',
    async (last) => {
      world = await createWorld()
      const connection = world.connect()
      const code = await new Promise((resolve) => {
        connection.topic('a', { from: { last } }).subscribe({ error: (error) => resolve(error.code) })
      })
      expect(code).toBe('bad-cursor')
      await connection.topic('a').publish(1)
      expect(connection.getState().phase).toBe('online')
    },
  )

  test('a request whose name is no text is one that nobody handles', async () => {
    world = await createWorld()
    const connection = world.connect()
    await expect(connection.request(5 as never, 1)).rejects.toMatchObject({
      code: 'unknown-request',
      outcome: 'rejected',
    })
    expect(connection.getState().phase).toBe('online')
  })

  test('POSTs that fail are named as the last error while the stream goes on', async () => {
    world = await createWorld()
    const connection = world.connect({ transports: ['sse'] })
    await online(connection)
    world.proxy.set({ post: 'fail' })
    const sent = connection.topic('a').publish(1)
    const troubled = await state(connection, ({ lastError }) => lastError !== null)
    expect(troubled).toMatchObject({ phase: 'online', lastError: { code: 'post-failed' } })
    world.proxy.heal()
    await sent
  })
})

describe('closing', () => {
  test('a handler that runs may answer, within the drain', async () => {
    const hub = createHub(open)
    const world = await createWorld(open)
    await hub.close()
    let finish = () => {}
    let answered = false
    const running = new Promise<void>((resolve) => {
      world.hub.handle('slow', async () => {
        resolve()
        await new Promise<void>((done) => {
          finish = done
        })
        answered = true
      })
    })
    const connection = world.connect()
    connection.request('slow').catch(() => {})
    await running
    const closing = world.hub.close({ drainMs: 10_000 })
    finish()
    await closing
    expect(answered).toBe(true)
    await expect(world.hub.topic('a').publish(1)).rejects.toMatchObject({ code: 'closed', outcome: 'not-sent' })
    await world.close()
  })
})

describe('attaching', () => {
  test.each(['realtime', '', '/realtime?x=1'])("'%s' is no path", async (path) => {
    const hub = createHub(open)
    expect(() => hub.attach(createServer(), path)).toThrow(TypeError)
    await hub.close()
  })

  test('an upgrade of a path that nobody serves is answered, and one with a slash at the end is served', async () => {
    const hub = createHub(open)
    const server = createServer()
    hub.attach(server, '/realtime/')
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const upgrade = async (path: string) => {
      const socket = dial((server.address() as AddressInfo).port, '127.0.0.1')
      const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`)
      const [head] = await once(socket, 'data')
      socket.destroy()
      return String(head).split('\r\n')[0]
    }
    expect(await upgrade('/other')).toBe('HTTP/1.1 404 Not Found')
    expect(await upgrade('/realtime')).toBe('HTTP/1.1 101 Switching Protocols')
    await hub.close()
    server.close()
  })
})
