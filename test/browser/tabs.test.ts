import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { createSite, type Site } from '../support/site.ts'
import { createH2Front, hasOpenssl } from './h2-front.ts'
import { createVisitor, expectIntact, until, type Visitor } from './visitor.ts'

// A busy machine takes its time to open so many tabs.
vi.setConfig({ testTimeout: 60_000 })

const tabs = 8

let browser: Browser
let context: BrowserContext
let site: Site

beforeAll(async () => {
  browser = await launchBrowser()
}, 60_000)
afterAll(() => browser?.close())
beforeEach(async () => {
  site = await createSite({ heartbeatMs: 1_000 })
  context = await browser.newContext({ ignoreHTTPSErrors: true })
})
afterEach(async () => {
  await context.close()
  await site.close()
})

/** All tabs of one browser; they share its connections. */
const openTabs = (url = site.url) =>
  Promise.all(Array.from({ length: tabs }, () => createVisitor(context, site, { url })))

async function expectAllIntact(visitors: readonly Visitor[]): Promise<void> {
  for (const account of await Promise.all(visitors.map(({ stop }) => stop()))) expectIntact(account)
}

const slowest = (visitors: readonly Visitor[], since: number) =>
  Promise.all(visitors.map(({ flows }) => flows(1))).then(() => Date.now() - since)

test('eight tabs on WebSocket have all', async () => {
  const visitors = await openTabs()
  const begunAt = Date.now()
  await Promise.all(visitors.map(({ carries }) => carries('websocket')))
  console.log(`${tabs} tabs on WebSocket: all flow after`, await slowest(visitors, begunAt), 'ms')
  expect(site.hub.stats().sessions).toMatchObject({ websocket: tabs, sse: 0, poll: 0 })
  await Promise.all(visitors.map(({ flows }) => flows()))
  await expectAllIntact(visitors)
})

test.runIf(hasOpenssl())('eight tabs on SSE have all where the browser speaks HTTP/2', async () => {
  const front = await createH2Front(site.url)
  try {
    const visitors = await openTabs(front.url)
    const begunAt = Date.now()
    await Promise.all(visitors.map(({ carries }) => carries('sse')))
    console.log(`${tabs} tabs on SSE over HTTP/2: all flow after`, await slowest(visitors, begunAt), 'ms')
    await Promise.all(visitors.map(({ flows }) => flows()))
    for (const { page } of visitors) expect(await page.evaluate(protocols)).toEqual(['h2'])
    expect(site.hub.stats().sessions).toMatchObject({ websocket: 0, sse: tabs, poll: 0 })
    await expectAllIntact(visitors)
  } finally {
    await front.close()
  }
})

test('over HTTP/1.1 five tabs have SSE, and can send; the others say why they wait, and go on when a tab closes', async () => {
  site.proxy.set({ websocket: 'refuse' })
  const visitors = await openTabs()
  const states = () =>
    Promise.all(visitors.map(async ({ page }) => page.evaluate(() => globalThis.connection.getState())))
  const waits = ({ reason }: { reason: string | null }) => reason === 'connections'
  const begunAt = Date.now()
  let named: Awaited<ReturnType<typeof states>> = []
  // One that waits says so again and again: between, it tries.
  await until(async () => {
    named = await states()
    return named.filter(({ transport }) => transport === 'sse').length === 5 && named.filter(waits).length === 3
  })
  console.log(`${tabs} tabs over HTTP/1.1: settled after ${Date.now() - begunAt} ms`)
  const waiting = visitors.filter((_, index) => waits(named[index]!))
  const served = visitors.filter((visitor) => !waiting.includes(visitor))
  // Nobody lost a link on the way there.
  const diaries = await Promise.all(visitors.map(({ diary }) => diary()))
  expect(diaries.flatMap(({ states }) => states).filter(({ phase }) => phase === 'reconnecting')).toEqual([])
  expect(named.filter(waits).map(({ phase, transport }) => [phase, transport])).toEqual(
    waiting.map(() => ['connecting', null]),
  )
  await Promise.all(served.map(({ flows }) => flows(20)))
  expect(await served[0]!.page.evaluate(protocols)).toEqual(['http/1.1'])
  // Each that leaves lets one of those that wait in, with all that it wanted to send meanwhile.
  for (let left = waiting.length; left > 0; left--) {
    const leaving = served.shift()!
    expectIntact(await leaving.stop())
    const closedAt = Date.now()
    await leaving.page.close()
    await until(
      async () =>
        (
          await Promise.all(waiting.map(({ page }) => page.evaluate(() => globalThis.connection.getState().transport)))
        ).filter(Boolean).length >
        3 - left,
    )
    console.log(`a tab that waited is in after ${Date.now() - closedAt} ms`)
    expect(Date.now() - closedAt).toBeLessThan(2_000)
  }
  await Promise.all([...served, ...waiting].map(({ flows }) => flows()))
  await expectAllIntact([...served, ...waiting])
})

/** Over which protocols the page has asked its host; it does not know of what came out of its cache. */
const protocols = () => [
  ...new Set(
    performance
      .getEntriesByType('resource')
      .map((entry) => (entry as PerformanceResourceTiming).nextHopProtocol)
      .filter(Boolean),
  ),
]
