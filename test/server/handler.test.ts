import { createServer, get, type RequestListener } from 'node:http'
import { connect, createServer as createHttp2 } from 'node:http2'
import { createHub, type HubOptions } from '@holdfast/server'
import express from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import { listen } from '../support/listen.ts'
import { shut } from '../support/world.ts'
import { drawSession, openSse, openStream, post } from './support.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A hub before what else a server does. */
async function serve(path: string, next?: RequestListener, options: HubOptions = {}) {
  const hub = createHub({ authorize: () => true, ...options })
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
    const { base } = await serve('/rt', createApp(), { origins: ['http://page.test'] })
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

  test("a preflight of the application's own paths is the application's to answer", async () => {
    const { base } = await serve('/rt', createApp(), { origins: ['http://page.test'] })
    const headers = { origin: 'http://page.test', 'access-control-request-method': 'GET' }
    for (const path of ['/rt/page', '/rt/send', '/other']) await fetch(base + path, { method: 'OPTIONS', headers })
    expect(seen).toEqual(['/rt/page', '/rt/send', '/other'])
  })

  test('a target may be a whole address', async () => {
    const { base } = await serve('/rt', createApp())
    const { host, port } = new URL(base)
    const ask = (target: string) =>
      new Promise((resolve) => get({ host: '127.0.0.1', port, path: target }, (answer) => resolve(answer.statusCode)))
    expect(await ask(`http://${host}/rt/topics/$x`)).toBe(400)
    expect(await ask(`http://${host}/rt/page`)).toBe(200)
    expect(seen).toEqual([`http://${host}/rt/page`])
  })
})

test.each(['router', 'handler'] as const)('an `origins` that throws refuses, and is told, by the %s', async (way) => {
  const told: string[] = []
  const hub = createHub({
    authorize: () => true,
    origins: (origin) => new URL(origin).hostname === 'page.test',
  })
  hub.errors$.subscribe(({ code }) => told.push(code))
  const server = createServer(way === 'router' ? express().use('/rt', hub.router()) : hub.handler('/rt'))
  const base = `http://127.0.0.1:${await listen(server)}/rt`
  closers.push(
    () => shut(server),
    () => hub.close({ drainMs: 50 }),
  )
  const headers = { origin: 'null' }
  const posted = await fetch(`${base}/poll`, { method: 'POST', body: drawSession().hello(), headers })
  expect([posted.status, await posted.text()]).toEqual([403, expect.stringContaining('origin-forbidden')])
  const preflight = { ...headers, 'access-control-request-method': 'POST' }
  const asked = await fetch(`${base}/topics/chat`, { method: 'OPTIONS', headers: preflight })
  expect(asked.headers.get('access-control-allow-origin')).toBeNull()
  expect(new Set(told)).toEqual(new Set(['hook-failed']))
})

test('over HTTP/2, too, for a page of the same host', async () => {
  const hub = createHub({ authorize: () => true })
  // What it hands over is like what HTTP/1.1 does, but for its types.
  const server = createHttp2(hub.handler('/rt') as never)
  const base = `http://127.0.0.1:${await listen(server)}`
  const client = connect(base)
  closers.push(
    () => new Promise<void>((resolve) => server.close(() => resolve())),
    () => new Promise<void>((resolve) => client.close(resolve)),
    () => hub.close({ drainMs: 0 }),
  )
  const ask = (origin: string) =>
    new Promise<unknown>((resolve) => {
      const request = client.request({ ':method': 'POST', ':path': '/rt/poll', origin })
      request.on('response', ({ ':status': status }) => resolve(status))
      request.resume()
      request.end(drawSession().hello())
    })
  expect(await ask(base)).toBe(200)
  expect(await ask('http://other.test')).toBe(403)
})

test.each(['rt', '/rt?x', '/rt#x', ''])("'%s' is no path to be at", (path) => {
  const hub = createHub({ authorize: () => true })
  closers.push(() => hub.close({ drainMs: 0 }))
  expect(() => hub.handler(path)).toThrow(TypeError)
})
