import { createServer, type RequestListener } from 'node:http'
import { createHub } from '@holdfast/server'
import express from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import { listen, shut } from '../support/world.ts'
import { drawSession, openSse, openStream, post } from './support.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A hub before what else a server does. */
async function serve(path: string, next?: RequestListener, origins?: string[]) {
  const hub = createHub({ authorize: () => true, ...(origins && { origins }) })
  hub.handle('echo', ({ data }) => data)
  const server = createServer(next ? hub.handler(path, next) : hub.handler(path))
  const base = `http://127.0.0.1:${await listen(server)}`
  closers.push(
    () => shut(server),
    () => hub.close({ drainMs: 50 }),
  )
  return { hub, base }
}

test.each(['/rt', '/rt/', '/'])("a server of Node's own has the hub at '%s', and nothing else", async (path) => {
  const { hub, base } = await serve(path)
  const at = base + path.replace(/\/$/, '')
  const { hello, line } = drawSession()
  const stream = await openSse(at, hello([['$inbox', 'start']]))
  expect(await post(`${at}/send`, `${line()}\n["request",1,"echo",{"a":1}]\n["publish",2,"chat","x"]`)).toMatchObject({
    status: 200,
    frames: [
      ['receipt', 1],
      ['receipt', 2, expect.stringMatching(/\.1$/)],
    ],
  })
  expect((await stream.frames.kind('entry')).slice(4)).toEqual([{ a: 1 }, 'reply.1'])
  const plain = await openStream(`${at}/topics/chat?from=start`)
  expect(await plain.event(2)).toMatch(/\ndata: "x"$/)
  expect(hub.stats().sessions.sse).toBe(1)
  for (const foreign of [`${base}/rtx/send`, `${at}/other`, `${base}//send`]) {
    expect((await fetch(foreign, { method: 'POST', body: line() })).status).toBe(404)
  }
})

describe('before an Express application', () => {
  const seen: string[] = []

  function createApp() {
    seen.length = 0
    const app = express()
    app.use((request, _, next) => {
      seen.push(request.url)
      next()
    })
    app.get('/rt/page', (_, response) => void response.send('a page'))
    return app
  }

  test("the hub's requests pass by it, and all others come to it", async () => {
    const { base } = await serve('/rt', createApp())
    const { hello } = drawSession()
    const first = await post(`${base}/rt/poll`, hello())
    expect(first.frames[0]?.[0]).toBe('welcome')
    expect(seen).toEqual([])
    expect(await (await fetch(`${base}/rt/page`)).text()).toBe('a page')
    expect((await fetch(`${base}/elsewhere?rt`)).status).toBe(404)
    expect(seen).toEqual(['/rt/page', '/elsewhere?rt'])
  })

  test('pages of other origins are answered as the options say', async () => {
    const { base } = await serve('/rt', createApp(), ['http://page.test'])
    const ask = (origin: string) =>
      fetch(`${base}/rt/topics/chat`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    const asked = await ask('http://page.test')
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, 'http://page.test'])
    expect((await ask('http://other.test')).headers.get('access-control-allow-origin')).toBeNull()
    expect(seen).toEqual([])
  })
})

test.each(['rt', '/rt?x', '/rt#x', ''])("'%s' is no path to be at", (path) => {
  const hub = createHub({ authorize: () => true })
  closers.push(() => hub.close({ drainMs: 0 }))
  expect(() => hub.handler(path)).toThrow(TypeError)
})
