import type { HubOptions } from '@holdfast/server'
import { expect, test } from 'vitest'
import { launchPlainBrowser, type PlainBrowser } from '../support/browser.ts'
import { createSite, type Site } from '../support/site.ts'
import { createVisitor, expectBack, expectIntact, until, type Visitor } from './visitor.ts'

type Tab = Visitor & { readonly way: string; readonly site: Site }

const ways = ['websocket', 'sse'] as const
const sleepMs = 12_000
const heartbeatMs = 1_000

test.concurrent('a laptop that slept goes on in its session, and misses nothing', async () => {
  await inBrowser({}, async (browser, tabs) => {
    const wokenAt = await sleep(browser)
    for (const { way, flows, stop } of tabs) {
      await flows()
      const account = await stop()
      console.log(`slept ${sleepMs} ms, ${way}: back after`, account.backMs(wokenAt))
      expectIntact(account, wokenAt)
    }
  })
}, 60_000)

test.concurrent('one that slept longer than its session lives has one gap, and says `unknown` of what was on its way', async () => {
  // Less than what comes down while it sleeps.
  const history = { count: 200 }
  await inBrowser({ sessionTtlMs: 3_000, history }, async (browser, tabs) => {
    for (const { site, page } of tabs) {
      site.proxy.stall({ direction: 'down' })
      await until(() => page.evaluate(() => globalThis.connection.getState().pending > 2))
    }
    const sleeping = sleep(browser)
    const isEmpty = ({ hub }: Site) => Object.values(hub.stats().sessions).every((count) => count === 0)
    for (const { site } of tabs) await until(async () => isEmpty(site))
    const wokenAt = await sleeping
    for (const { site } of tabs) {
      site.proxy.cut()
      site.proxy.resume()
    }
    for (const { way, flows, stop } of tabs) {
      await flows()
      const account = await stop()
      const { diary, down, up, outcomes, secrets } = account
      const { accepted = 0, unknown = 0 } = outcomes
      console.log(`slept ${sleepMs} ms, session lost, ${way}: back after`, account.backMs(wokenAt), {
        down,
        up,
        outcomes,
      })
      expectBack(account, wokenAt)
      expect(account.sessions).toBe(2)
      expect(diary.gaps).toHaveLength(1)
      const [from = 0, to = 0] = diary.gaps.flatMap((gap) => [offsetOf(gap.from), offsetOf(gap.to)])
      expect(down).toEqual({ received: down.received, lost: to - from, doubled: 0, reordered: 0 })
      expect(account.falseReceipts).toBe(0)
      expect(unknown).toBeGreaterThan(0)
      expect(accepted + unknown).toBe(diary.sent.length)
      expect(up).toEqual({
        received: accepted + secrets.length,
        lost: unknown - secrets.length,
        doubled: 0,
        reordered: 0,
      })
    }
  })
}, 60_000)

const offsetOf = (cursor: string) => Number(cursor.split('.')[1])

/** A browser of its own, with a tab in front for each transport. */
async function inBrowser(
  options: HubOptions,
  run: (browser: PlainBrowser, tabs: Tab[]) => Promise<void>,
): Promise<void> {
  const browser = await launchPlainBrowser()
  const sites: Site[] = []
  try {
    const context = await browser.newContext()
    const open = async (way: string): Promise<Tab> => {
      const site = await createSite({ heartbeatMs, ...options })
      sites.push(site)
      if (way === 'sse') site.proxy.set({ websocket: 'refuse' })
      const visitor = await createVisitor(context, site)
      await visitor.carries(way)
      await visitor.flows()
      return { ...visitor, way, site }
    }
    await run(browser, await Promise.all(ways.map(open)))
  } finally {
    await browser.close()
    await Promise.all(sites.map((site) => site.close()))
  }
}

/** Answers when it woke. */
async function sleep(browser: PlainBrowser): Promise<number> {
  browser.sleep()
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  browser.wake()
  return Date.now()
}
