import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { createSite, type Site } from '../support/site.ts'
import { createBoth, die, socketUrl, until } from './both.ts'
import './snippets.ts'

// The hooks of docs/migrate.md, in React and in a browser: the same harm to the old ones and to the new ones.
declare global {
  // The page's own: what `browser.ts` exports, and what a test has mounted.
  var blocks: typeof import('./browser.ts')
  var hook: any
}

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

type Closing = (close: () => unknown) => void

async function openSite(
  closing: Closing,
  options?: Parameters<typeof createSite>[0],
): Promise<{ site: Site; page: Page }> {
  const site = await createSite(options, 'test/docs/browser.ts')
  closing(site.close)
  const page = await browser.newPage()
  closing(() => page.close())
  // StrictMode mounts twice in development only, and React asks this for it.
  await page.addInitScript(() => Object.assign(globalThis, { process: { env: { NODE_ENV: 'development' } } }))
  await page.goto(site.url)
  await page.waitForFunction(() => (globalThis as any).holdfast)
  await page.evaluate(() => {
    globalThis.blocks = (globalThis as any).holdfast
  })
  return { site, page }
}

const result = (page: Page) => page.evaluate(() => globalThis.hook.result)

test.concurrent('useWebSocket: two sockets, each message twice, and what is sent too early or too late', async (context) => {
  const { oldWorld, closing } = createBoth(context)
  const { sockets, proxy } = await oldWorld((_, all) =>
    all.on('connection', (one) => one.on('message', (data) => received.push(data.toString()))),
  )
  const received: string[] = []
  const { page } = await openSite(closing)
  const early = await page.evaluate((url) => {
    globalThis.hook = globalThis.blocks.mountHook(() =>
      globalThis.blocks.block('use-web-socket.old.ts').useWebSocket(url),
    )
    try {
      globalThis.hook.result.send('early')
    } catch (error) {
      return (error as Error).name
    }
  }, socketUrl(proxy))
  expect(early).toBe('InvalidStateError')
  const tell = (text: string) => sockets.clients.forEach((one) => void one.send(JSON.stringify(text)))
  const heard = async (text: string) =>
    (await result(page)).messages.filter((message: string) => message === text).length
  // The socket of the first mount is a client for a moment, too: it is told, and shows nothing.
  let told = 0
  await until(async () => {
    tell(`${++told}`)
    const { messages } = await result(page)
    expect(new Set(messages).size).toBeLessThan(messages.length)
  })
  tell('one')
  await until(async () => expect(await heard('one')).toBe(2))

  const first = [...sockets.clients]
  const late = page.evaluate(async () => {
    while (globalThis.hook.result.isOpen) await new Promise((resolve) => setTimeout(resolve, 5))
    globalThis.hook.result.send('late')
  })
  await die(proxy, () => tell('two'))
  await late
  await until(() => expect([...sockets.clients].filter((one) => !first.includes(one))).toHaveLength(2))
  tell('three')
  await until(async () => expect(await heard('three')).toBe(2))
  expect(await heard('two')).toBe(0)
  expect(received).toEqual([])
  await page.evaluate(() => globalThis.hook.unmount())
})

test.concurrent('Lines: one session, each line once, whatever happens', async (context) => {
  const { closing } = createBoth(context)
  const { site, page } = await openSite(closing)
  await page.evaluate(() => {
    const { Lines, say } = globalThis.blocks.block('lines.tsx')
    globalThis.blocks.mount(Lines)
    void say('early')
  })
  const lines = () => page.locator('li').allTextContents()
  await until(async () => expect(await lines()).toEqual(['early']))
  const { websocket, sse, poll } = site.hub.stats().sessions
  expect(websocket + sse + poll).toBe(1)
  await die(site.proxy, async () => {
    await page.evaluate(() => void globalThis.blocks.block('lines.tsx').say('late'))
    await site.hub.topic('lines').publish({ id: 'two', text: 'two' })
  })
  await until(async () => expect(await lines()).toEqual(['early', 'two', 'late']))
})

test.concurrent('useEventSource: the first cut is the end; EventSource alone, and useNewest, go on', async (context) => {
  const { closing } = createBoth(context)
  const { site, page } = await openSite(closing)
  const numbers = site.hub.topic<number>('numbers')
  await numbers.publish(1)
  const seen = () =>
    page.evaluate(() => [globalThis.hook.old.result, globalThis.hook.bare, globalThis.hook.made.result])
  await page.evaluate(() => {
    const { block, mountHook } = globalThis.blocks
    const url = '/realtime/topics/numbers?from=last-1'
    const bare: number[] = []
    new EventSource(url).onmessage = ({ data }) => bare.push(JSON.parse(data))
    globalThis.hook = {
      old: mountHook(() => block('use-event-source.old.ts').useEventSource(url)),
      made: mountHook(() => block('use-newest.ts').useNewest('numbers')),
      bare,
    }
  })
  await until(async () => expect(await seen()).toEqual([{ data: 1, error: null }, [1], 1]))
  await die(site.proxy, () => numbers.publish(2))
  await numbers.publish(3)
  await until(async () => expect(await seen()).toEqual([{ data: 1, error: 'Connection lost' }, [1, 2, 3], 3]))
})

test.concurrent('hybrid: two connections before, one after', async (context) => {
  const { oldWorld, closing } = createBoth(context)
  const old = await oldWorld((app, sockets) => {
    sockets.on('connection', (one) => one.send('"edit"'))
    app.get('/notes', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'access-control-allow-origin': '*' })
      response.write('data: "note"\n\n')
    })
  })
  const { site, page } = await openSite(closing, { onSession: (session) => session.send('note') })
  const heard = () => page.evaluate(() => globalThis.hook)
  await page.evaluate((base) => {
    globalThis.hook = []
    const hear = (data: unknown) => globalThis.hook.push(data)
    globalThis.blocks.block('hybrid.old.ts').open(base, hear, hear)
  }, old.proxy.url)
  await until(async () => expect((await heard()).sort()).toEqual(['edit', 'note']))
  expect(old.proxy.stats.requests).toEqual({ 'GET /edits': 1, 'GET /notes': 1 })

  await page.evaluate(async () => {
    globalThis.hook = []
    const hear = (data: unknown) => globalThis.hook.push(data)
    const { connection } = globalThis.blocks.block('connection.ts')
    await globalThis.blocks.block('hybrid.ts').open(connection, hear, hear).edit('edit')
  })
  await until(async () => expect((await heard()).sort()).toEqual(['edit', 'note']))
  const { websocket, sse, poll } = site.hub.stats().sessions
  expect(websocket + sse + poll).toBe(1)
})
