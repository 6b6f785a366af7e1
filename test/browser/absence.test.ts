import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { launchPlainBrowser, type PlainBrowser } from '../support/browser.ts'
import { createSite, type Site } from '../support/site.ts'
import type { Diary } from './diary.ts'
import { type Account, createVisitor, expectIntact, until, type Visitor } from './visitor.ts'

// A busy machine takes its time to open so many tabs.
vi.setConfig({ testTimeout: 60_000 })

const ways = ['websocket', 'sse'] as const
type Way = (typeof ways)[number]

/** The hub gives a link up that is silent for three of these. */
const heartbeatMs = 1_000
// After so long out of sight timers run once a minute; that is otherwise 10 s to 5 minutes.
const graceSeconds = 1
const throttling = `IntensiveWakeUpThrottling:grace_period_seconds/${graceSeconds}/grace_period_seconds_loaded/${graceSeconds}`

let browser: PlainBrowser
let context: BrowserContext
/** The tab that is in front while the visitors are not. */
let front: Page
const sites: Site[] = []

beforeAll(async () => {
  browser = await launchPlainBrowser([`--enable-features=${throttling}`])
  context = browser.context
  front = await context.newPage()
}, 60_000)
afterAll(() => browser?.close())
afterEach(() => Promise.all(sites.splice(0).map((site) => site.close())))

interface Tab extends Visitor {
  readonly way: Way
  readonly site: Site
}

const openTabs = (...wanted: Way[]) => Promise.all(wanted.map(openTab))

/** A tab that is on that transport. */
async function openTab(way: Way): Promise<Tab> {
  const site = await createSite({ heartbeatMs })
  sites.push(site)
  if (way === 'sse') site.proxy.set({ websocket: 'refuse' })
  const visitor = await createVisitor(context, site)
  await visitor.carries(way)
  await visitor.flows()
  return { ...visitor, way, site }
}

/** Brings the tab back, and tells how it was. */
async function comeBack(
  name: string,
  { way, page, flows, stop }: Tab,
  back = () => page.bringToFront(),
): Promise<Account> {
  const at = Date.now()
  await back()
  await flows()
  const account = await stop()
  // Otherwise Chromium shows a neighbour, and wakes it.
  await front.bringToFront()
  await page.close()
  const { down, up } = account.backMs(at)
  console.log(`${name}, ${way}: back after ${down} ms down, ${up} ms up`)
  expectIntact(account, at)
  return account
}

const allHidden = (tabs: readonly Tab[]) =>
  Promise.all(tabs.map(({ page }) => until(() => page.evaluate(() => document.visibilityState === 'hidden'))))

const passes = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const phasesSince = (since: number, { states }: Diary) => [
  ...new Set(states.flatMap(({ at, phase }) => (at >= since ? phase : []))),
]

test('a hidden tab with throttled timers keeps its link, and one that was cut meanwhile is back when it is shown', async () => {
  const tabs = await openTabs(...ways, ...ways)
  const [kept, cut] = [tabs.slice(0, 2), tabs.slice(2)]
  await front.bringToFront()
  const hiddenAt = Date.now()
  await allHidden(tabs)
  // Longer than the hub waits for a sign of life, which a page without timers must give as well.
  await passes(graceSeconds * 1_000 + 4 * heartbeatMs)
  for (const { site } of cut) expect(site.proxy.cut()).toBeGreaterThan(0)
  await passes(500)
  for (const tab of tabs) {
    const shownAt = Date.now()
    const { diary } = await comeBack(`hidden${cut.includes(tab) ? ' and cut' : ''}`, tab)
    expect(diary.events.at(-1)).toBe('visible')
    const ticks = diary.ticks.filter((at) => at > hiddenAt && at < shownAt)
    expect(ticks.length).toBeLessThan((2 * (shownAt - hiddenAt)) / 1_000)
    if (kept.includes(tab)) expect(phasesSince(hiddenAt, diary)).toEqual(['online'])
  }
})

test('a frozen tab goes on when it is resumed, also after the hub has given its link up', async () => {
  const tabs = await openTabs(...ways, ...ways)
  const [short, long] = [tabs.slice(0, 2), tabs.slice(2)]
  await front.bringToFront()
  // Chromium freezes no page that is seen.
  await allHidden(tabs)
  await Promise.all(tabs.map(({ cdp }) => cdp.send('Page.setWebLifecycleState', { state: 'frozen' })))
  const resume = async (name: string, tab: Tab) => {
    const { diary } = await comeBack(name, tab, async () => {
      await tab.cdp.send('Page.setWebLifecycleState', { state: 'active' })
      await tab.page.bringToFront()
    })
    expect(diary.events.slice(-3)).toEqual(['freeze', 'resume', 'visible'])
  }
  await passes(heartbeatMs)
  for (const tab of short) await resume('frozen', tab)
  for (const { site, way } of long) {
    await expect.poll(() => [way, site.hub.stats().sessions.away], { timeout: 10_000 }).toEqual([way, 1])
  }
  for (const tab of long) await resume('frozen, and given up', tab)
})

test('a page from the back/forward cache has its state, and goes on in its session', async () => {
  const tabs = await openTabs(...ways)
  for (const { page, site } of tabs) await page.goto(`${site.url}/?elsewhere`)
  for (const { site } of tabs) await expect.poll(() => site.hub.stats().sessions.away).toBe(1)
  await passes(1_000)
  for (const tab of tabs) {
    const { diary } = await comeBack('restored', tab, async () => {
      await tab.page.bringToFront()
      await tab.page.evaluate(() => history.back())
      // The page that is left takes what is asked of it along.
      await until(() => tab.page.evaluate(() => globalThis.diary?.events.includes('restored')).catch(() => false))
    })
    expect(diary.events.slice(-4)).toEqual(['freeze', 'resume', 'visible', 'restored'])
    expect(diary.states.map(({ state }) => state)).toContain('parked')
  }
})
