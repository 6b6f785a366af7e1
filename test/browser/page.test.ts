import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import type { ConnectionState, ConnectOptions } from '@holdfast/client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { createSite, type Site } from '../support/site.ts'

type From = 'live' | 'start' | { last: number }
type Listeners = Record<string, From>

/** What the page under test has, beside what diary.ts names. */
declare global {
  var heard: Record<string, unknown[]>
  /** The topics of each hello, and every frame that went up a WebSocket. */
  var hellos: string[][]
  var sent: string[]
  var listen: (name: string, from: From) => void
}

let browser: Browser
let context: BrowserContext
let site: Site
const children: ChildProcess[] = []

beforeAll(async () => {
  browser = await launchBrowser()
}, 60_000)
afterAll(() => browser?.close())

beforeEach(async () => {
  site = await createSite({ heartbeatMs: 1_000 })
  context = await browser.newContext()
}, 60_000)
afterEach(async () => {
  for (const child of children.splice(0)) child.kill()
  await context.close()
  await site.close()
})

async function openPage(): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', (error) => expect.soft(error).toBeUndefined())
  await page.goto(site.url)
  await page.waitForFunction(() => globalThis.holdfast !== undefined)
  return page
}

/** Connects in the page and listens there, noting what goes up. */
const begin = (page: Page, listeners: Listeners = {}, options: Pick<ConnectOptions, 'timing'> = {}) =>
  page.evaluate(
    ([listeners, options]) => {
      globalThis.hellos = []
      globalThis.sent = []
      globalThis.heard = {}
      class Noting extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols)
          const [, , hello] = JSON.parse(atob((protocols[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')))
          globalThis.hellos.push(hello.topics.map(([topic]: [string]) => topic))
        }
        override send(text: string) {
          globalThis.sent.push(...text.split('\n'))
          super.send(text)
        }
      }
      globalThis.connection = globalThis.holdfast.connect('/realtime', { WebSocket: Noting as never, ...options })
      globalThis.listen = (name, from) => {
        const list: unknown[] = []
        globalThis.heard[name] = list
        globalThis.connection.topic('numbers', { from }).subscribe((n) => list.push(n))
      }
      for (const [name, from] of Object.entries(listeners)) globalThis.listen(name, from)
    },
    [listeners, options] as const,
  )

/** A busy machine may take longer than the head start; what comes beside the first transport is not what is looked at. */
const alone = { timing: { headStartMs: 10_000 } }

const heardIn = (page: Page) => page.evaluate(() => globalThis.heard)
const stateOf = (page: Page) => page.evaluate(() => globalThis.connection.getState())

async function carries(page: Page, transport: string): Promise<ConnectionState> {
  await page.waitForFunction((transport) => globalThis.connection.getState().transport === transport, transport, {
    polling: 20,
    timeout: 15_000,
  })
  return stateOf(page)
}

const count = (length: number, first = 1) => Array.from({ length }, (_, index) => first + index)

async function publish(first: number, last: number): Promise<void> {
  for (const n of count(last - first + 1, first)) await site.hub.topic('numbers').publish(n)
}

describe('listeners of one topic that start in different places', () => {
  const expected = { last: count(8, 8), live: count(5, 11), start: count(15) }
  const froms = { last: { last: 3 }, live: 'live', start: 'start' } as const
  const orders = [
    ['last', 'live', 'start'],
    ['live', 'start', 'last'],
    ['start', 'last', 'live'],
  ] as const

  test.each(orders)(
    'before it opened (%s, %s, %s) each get what they asked for, by one subscription',
    async (...order) => {
      await publish(1, 10)
      const page = await openPage()
      await begin(page, Object.fromEntries(order.map((name) => [name, froms[name]])), alone)
      await carries(page, 'websocket')
      // A listener that starts `live` may have to ask where that is; this round trip comes after it.
      await page.evaluate(() => globalThis.connection.topic('other').publish(1))
      await publish(11, 15)
      await expect.poll(() => heardIn(page)).toEqual(expected)
      const [hellos, sent] = await page.evaluate(() => [globalThis.hellos, globalThis.sent] as const)
      expect(hellos).toEqual([['$inbox', 'numbers']])
      expect(sent.filter((line) => line.startsWith('["subscribe"'))).toEqual([])
    },
  )

  test.each(orders)('while it is online (%s, %s, %s), too', async (...order) => {
    await publish(1, 10)
    const page = await openPage()
    await begin(page, {}, alone)
    await carries(page, 'websocket')
    for (const name of order) {
      await page.evaluate(([name, from]) => globalThis.listen(name, from), [name, froms[name] as From] as const)
    }
    await page.evaluate(() => globalThis.connection.topic('other').publish(1))
    await publish(11, 15)
    await expect.poll(() => heardIn(page)).toEqual(expected)
    const [hellos, sent] = await page.evaluate(() => [globalThis.hellos, globalThis.sent] as const)
    expect(hellos).toEqual([['$inbox']])
    expect(sent.filter((line) => line.startsWith('["subscribe"'))).toHaveLength(1)
  })
})

describe('a native EventSource', () => {
  const follow = (page: Page, path: string) =>
    page.evaluate((path) => {
      const list: unknown[] = []
      globalThis.heard = { list, opened: [] }
      const source = new EventSource(path)
      source.onopen = () => globalThis.heard.opened?.push(1)
      source.onmessage = ({ data }) => list.push(JSON.parse(data))
    }, path)
  const opened = (page: Page) => page.evaluate(() => globalThis.heard.opened?.length)
  const list = (page: Page) => page.evaluate(() => globalThis.heard.list)

  test.each([
    ['was busy', 5],
    ['was quiet', 0],
  ])('resumes by Last-Event-ID after a cut on a topic that %s before, and misses nothing', async (_, before) => {
    const page = await openPage()
    await follow(page, '/realtime/topics/numbers')
    await expect.poll(() => opened(page)).toBe(1)
    await publish(1, before)
    await expect.poll(() => list(page)).toEqual(count(before))
    expect(site.proxy.cut({ transport: 'stream' })).toBe(1)
    await publish(before + 1, before + 10)
    await expect.poll(() => list(page), { timeout: 10_000 }).toEqual(count(before + 10))
    await publish(before + 11, before + 12)
    await expect.poll(() => list(page)).toEqual(count(before + 12))
    expect(await opened(page)).toBe(2)
  })

  test('starts where it is told', async () => {
    await publish(1, 5)
    const page = await openPage()
    await follow(page, '/realtime/topics/numbers?from=last-2')
    await expect.poll(() => list(page)).toEqual([4, 5])
  })
})

const hasCurl = spawnSync('curl', ['--version']).status === 0

describe.runIf(hasCurl)('curl', () => {
  function curl(...args: string[]) {
    const child = spawn('curl', ['--silent', '--max-time', '10', ...args])
    children.push(child)
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    return { text: () => text, ended: new Promise((resolve) => child.on('close', resolve)) }
  }

  test('-N prints the stream, and a plain POST publishes and is answered with the receipt', async () => {
    const stream = curl('-N', '--include', `${site.base}/topics/chat%20room?from=start`)
    await expect.poll(stream.text).toMatch(/id: [\w-]+\.0\n\n$/)
    expect(stream.text()).toMatch(/^HTTP\/1.1 200 OK\r\n(.*\r\n)*Content-Type: text\/event-stream\r\n/i)
    const data = '{"text":"hello, wörld"}'
    const posted = curl('--include', '--json', data, `${site.base}/topics/chat%20room`)
    await posted.ended
    const [head = '', body = ''] = posted.text().split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1.1 201 Created\r\n/)
    const receipt = JSON.parse(body)
    expect(receipt).toEqual({ cursor: expect.any(String), offset: 1, epoch: expect.any(String) })
    await site.hub.topic('chat room').publish(new Uint8Array([1, 2, 3]))
    await expect.poll(stream.text).toContain('binary')
    const [, , events] = stream.text().split(/\r\n\r\n|(?<=\.0)\n\n/)
    expect(events).toBe(`id: ${receipt.cursor}\ndata: ${data}\n\nid: ${receipt.epoch}.2\nevent: binary\ndata: AQID\n\n`)
  })
})

test('a connection survives WebSocket refused, swallowed and freed, and misses nothing', async () => {
  const page = await openPage()
  await begin(page, { all: 'start' }, { timing: { probeMs: 300, handshakeMs: 1_000 } })
  await carries(page, 'websocket')
  let next = 1
  let failed: unknown = null
  const publishing = setInterval(() => publish(next, next++).catch((error) => (failed = error)), 10)
  try {
    for (const fault of ['refuse', 'swallow'] as const) {
      site.proxy.set({ websocket: fault })
      expect(site.proxy.cut({ transport: 'websocket' })).toBe(1)
      const lesser = await carries(page, 'sse')
      expect(lesser.phase).toBe('online')
      const here = next
      await page.waitForFunction((here) => globalThis.heard.all?.includes(here), here)
      site.proxy.heal()
      expect((await carries(page, 'websocket')).reason).toBeNull()
    }
  } finally {
    clearInterval(publishing)
  }
  await expect.poll(() => heardIn(page)).toEqual({ all: count(next - 1) })
  expect(failed).toBeNull()
  expect(await page.evaluate(() => globalThis.connection.request('none').catch(({ code }) => code))).toBe(
    'unknown-request',
  )
})

test('where WebSocket was swallowed, a reload begins with what worked', async () => {
  site.proxy.set({ websocket: 'swallow' })
  const page = await openPage()
  await begin(page)
  expect((await carries(page, 'sse')).reason).toBe('trying')
  await page.reload()
  await page.waitForFunction(() => globalThis.holdfast !== undefined)
  await begin(page, {}, alone)
  await carries(page, 'sse')
  expect(await page.evaluate(() => globalThis.hellos)).toEqual([])
})

test('two tabs are two sessions, and each hears all, also while a handshake of the other is swallowed', async () => {
  const sessions = new Set<string>()
  const pages = [await openPage(), await openPage()]
  await begin(pages[0]!, { all: 'start' })
  await carries(pages[0]!, 'websocket')
  site.proxy.set({ websocket: 'swallow' })
  await begin(pages[1]!, { all: 'start' }, { timing: { probeMs: 300, handshakeMs: 1_000 } })
  await carries(pages[1]!, 'sse')
  await publish(1, 10)
  for (const page of pages) {
    await expect.poll(() => heardIn(page)).toEqual({ all: count(10) })
    sessions.add(await page.evaluate(() => globalThis.connection.session))
  }
  expect(sessions.size).toBe(2)
  expect(site.hub.stats().sessions).toMatchObject({ websocket: 1, sse: 1 })
  site.proxy.heal()
  await carries(pages[1]!, 'websocket')
  await pages[0]!.close()
  await expect.poll(() => site.hub.stats().sessions.websocket).toBe(1)
  await publish(11, 12)
  await expect.poll(() => heardIn(pages[1]!)).toEqual({ all: count(12) })
})
