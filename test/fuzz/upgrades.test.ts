import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Served, serve } from '../server/support.ts'

let served: Served
beforeEach(async () => {
  served = await serve()
})
afterEach(() => served.close())

describe('an upgrade of a path that is none of ours', () => {
  test('harms nobody when its peer has gone before the answer', async () => {
    const socket = new Duplex({
      read() {},
      write: (_, __, done) => done(new Error('write ECONNRESET')),
    })
    const closed = new Promise((resolve) => socket.on('close', resolve))
    served.server.emit('upgrade', { url: '/other', headers: {} }, socket, Buffer.alloc(0))
    await closed
  })

  test('is not left open by a peer that never ends', async () => {
    const { port } = new URL(served.base)
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
    socket.write('GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    let answer = ''
    socket.on('data', (data) => {
      answer += data
    })
    await new Promise((resolve) => socket.on('end', resolve))
    expect(answer).toContain(' 404 ')
    await expect.poll(() => open(served)).toBe(0)
    socket.destroy()
  })
})

const open = ({ server }: Served): Promise<number> =>
  new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
