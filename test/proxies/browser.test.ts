import type { ConnectionState } from '@holdfast/client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { createSite, type Site } from '../support/site.ts'
import { type Intermediary, startIntermediary } from './intermediary.ts'
import { isMissing, type Recipe, recipe } from './recipes.ts'

/** What the page under test has. */
declare global {
  var holdfast: typeof import('@holdfast/client')
}

let browser: Browser
let context: BrowserContext
let site: Site
let intermediary: Intermediary | null = null
/** What was answered in the browser, and by which protocol. */
let answers: string[]
const figures: string[] = []

beforeAll(async () => {
  site = await createSite()
  browser = await launchBrowser()
}, 60_000)
beforeEach(async () => {
  answers = []
  context = await browser.newContext({ ignoreHTTPSErrors: true })
})
afterEach(async () => {
  await context.close()
  await intermediary?.close()
  intermediary = null
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  console.log(figures.join('\n'))
})

async function openPage(each: Recipe): Promise<Page> {
  intermediary = await startIntermediary(each, [Number(new URL(site.url).port)])
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  devtools.on('Network.responseReceived', ({ response: { url, protocol, status } }) => {
    answers.push(`${new URL(url).pathname} ${protocol} ${status}`)
  })
  devtools.on('Network.webSocketHandshakeResponseReceived', ({ response: { status } }) => {
    answers.push(`WebSocket ${status}`)
  })
  await page.goto(intermediary.url)
  await page.waitForFunction(() => globalThis.holdfast !== undefined)
  return page
}

const withoutWebSocket = 'HTTP/2 towards the browser, and WebSocket is not passed on'
const encrypted = [
  // nginx has the WebSocket on a connection of HTTP/1.1 beside, HAProxy on a stream of HTTP/2, where it is a CONNECT.
  { ...recipe('nginx', 'nginx'), answer: 'WebSocket 101' },
  { ...recipe('HAProxy', 'haproxy'), answer: 'WebSocket 200' },
  { ...recipe(withoutWebSocket, 'nginx'), answer: '/realtime/sse h2 200' },
  { ...recipe(withoutWebSocket, 'haproxy'), answer: '/realtime/sse h2 200' },
]

for (const each of encrypted) {
  const { heading, program, transport, reason, answer } = each
  test.skipIf(isMissing(each))(`${heading} (${program}): ${transport} carries in Chromium`, async () => {
    const page = await openPage(each)
    await site.hub.topic('news').publish('here')
    const { firstMs, receipt, state } = await page.evaluate(async (transport) => {
      const begun = performance.now()
      const connection = globalThis.holdfast.connect('/realtime')
      const first = new Promise<number>((resolve) => {
        connection.topic('news', { from: 'start' }).subscribe(() => resolve(performance.now() - begun))
      })
      const settled = new Promise<ConnectionState>((resolve) => {
        connection.state$.subscribe((now) => {
          if (now.transport === transport && now.reason !== 'trying') resolve(now)
        })
      })
      const receipt = await connection.topic('up').publish(1)
      return { firstMs: await first, receipt, state: await settled }
    }, transport)
    figures.push(`${heading} (${program}), Chromium: first message after ${Math.round(firstMs)} ms, ${answer}`)

    expect(firstMs).toBeLessThan(2_000)
    expect(receipt).toMatchObject({ cursor: expect.any(String) })
    expect(state).toMatchObject({ transport, reason })
    expect(answers).toContain('/client.js h2 200')
    expect(answers).toContain(answer)
  })
}

const withoutHost = recipe('The host is not handed on', 'nginx')
test.skipIf(isMissing(withoutHost))(`${withoutHost.heading}: the connection fails, and says why`, async () => {
  const page = await openPage(withoutHost)
  const state = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const connection = globalThis.holdfast.connect('/realtime')
        connection.state$.subscribe((now) => now.phase === 'failed' && resolve(now))
      }),
  )
  expect(state).toMatchObject({ phase: 'failed', transport: null, lastError: { code: withoutHost.reason } })
})
