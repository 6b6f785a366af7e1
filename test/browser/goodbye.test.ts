import type { Browser, Page } from 'playwright-core'
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

const ways = ['websocket', 'sse', 'poll'] as const
type Way = (typeof ways)[number]

/** A page that is online by this transport, has no back/forward cache to go into, and a last word to say. */
async function openPage(way: Way): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(site.url)
  await page.waitForFunction(() => globalThis.holdfast !== undefined)
  await page.evaluate(
    ([base, transports]) => {
      addEventListener('pagehide', () => void connection.topic('words').publish('last'))
      const connection = globalThis.holdfast.connect(base, { transports })
      Object.assign(globalThis, { connection })
      return new Promise<void>((resolve) => connection.state$.subscribe(({ phase }) => phase === 'online' && resolve()))
    },
    [site.base, [way]] as const,
  )
  return page
}

const leave = (page: Page) =>
  page.evaluate(() => {
    void globalThis.connection.topic('words').publish('first')
    location.href = 'about:blank'
  })

test.each(ways)('a page on %s that goes for good says all that it was given to say, and goodbye', async (way) => {
  const heard: unknown[] = []
  site.hub.topic('words').subscribe((words) => heard.push(words))
  const page = await openPage(way)
  expect(site.hub.stats().sessions).toMatchObject({ [way]: 1, away: 0 })
  await leave(page)
  // Not only its link: the session, which would live on for two minutes.
  await expect.poll(() => Object.values(site.hub.stats().sessions).reduce((sum, n) => sum + n)).toBe(0)
  expect(heard).toEqual(['first', 'last'])
  // The page is not closed here: Chromium sometimes never answers that where a page has only just gone to another address.
})

test('a tab that is closed is gone at once', async () => {
  const page = await openPage('websocket')
  await page.close()
  await expect.poll(() => Object.values(site.hub.stats().sessions).reduce((sum, n) => sum + n)).toBe(0)
})
