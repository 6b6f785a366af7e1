import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { createSite, type Site } from '../support/site.ts'

let browser: Browser
let site: Site

beforeAll(async () => {
  browser = await launchBrowser()
}, 60_000)
afterAll(() => browser?.close())
beforeEach(async () => {
  site = await createSite()
}, 60_000)
afterEach(() => site.close())

const count = 50
const message = (n: number) => ({ n, text: `${n} `.repeat(300) })
const all = Array.from({ length: count }, (_, n) => message(n))

test('Chromium takes compressed entries, and compresses all that it sends', async () => {
  site.hub.topics('*', { compress: true })
  const heard: unknown[] = []
  site.hub.topic('up').subscribe((data) => heard.push(data))
  const page = await browser.newPage()
  const devtools = await page.context().newCDPSession(page)
  const agreed: unknown[] = []
  devtools.on('Network.webSocketHandshakeResponseReceived', ({ response: { headers } }) => {
    agreed.push(headers['Sec-WebSocket-Extensions'])
  })
  await devtools.send('Network.enable')
  await page.goto(site.url)
  await page.waitForFunction(() => globalThis.holdfast !== undefined)
  await page.evaluate(
    ([base, messages]) => {
      const connection = globalThis.holdfast.connect(base, { transports: ['websocket'] })
      const came: unknown[] = []
      connection.topic('down', { from: 'start' }).subscribe((data) => came.push(data))
      for (const one of messages) void connection.topic('up').publish(one)
      Object.assign(globalThis, { connection, came })
    },
    [site.base, all] as const,
  )
  await expect.poll(() => heard).toEqual(all)
  for (const one of all) await site.hub.topic('down').publish(one)
  await expect.poll(() => page.evaluate(() => (globalThis as unknown as { came: unknown[] }).came)).toEqual(all)
  expect(agreed).toEqual([
    'permessage-deflate; client_max_window_bits=10; server_no_context_takeover; client_no_context_takeover',
  ])
  await page.close()
})
