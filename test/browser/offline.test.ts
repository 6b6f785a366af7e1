import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { createSite, type Site } from '../support/site.ts'
import { createVisitor, expectIntact, until } from './visitor.ts'

// A busy machine takes its time to open so many tabs.
vi.setConfig({ testTimeout: 60_000 })

let browser: Browser
const sites: Site[] = []

beforeAll(async () => {
  browser = await launchBrowser()
}, 60_000)
afterAll(() => browser?.close())
afterEach(() => Promise.all(sites.splice(0).map((site) => site.close())))

const ways = ['websocket', 'sse'] as const
type Way = (typeof ways)[number]

/** A tab on that transport, in a context of its own, since a context is what goes offline. */
async function openTab(way: Way) {
  const site = await createSite({ heartbeatMs: 1_000 })
  sites.push(site)
  if (way === 'sse') site.proxy.set({ websocket: 'refuse' })
  const context = await browser.newContext()
  const visitor = await createVisitor(context, site)
  await visitor.carries(way)
  await visitor.flows()
  return { ...visitor, context, site, way }
}

// Chromium's own switch fails what is new, holds up the WebSockets that are open, and leaves open streams alone, so the network
// goes as well: with a reset of all that is open, or in silence, as when a cable is pulled.
const losses = ['refuse', 'swallow'] as const

test('offline and online again: the state says so, and what was sent meanwhile goes out', async () => {
  const cases = losses.flatMap((block) => ways.map((way) => ({ block, way })))
  const run = async ({ block, way }: (typeof cases)[number]) => {
    const { diary, site, context, flows, stop } = await openTab(way)
    site.proxy.set({ block })
    await context.setOffline(true)
    await until(async () => (await diary()).states.at(-1)?.phase === 'offline')
    const { length } = (await diary()).sent
    await until(async () => (await diary()).sent.length > length + 5)
    site.proxy.set({ block: 'none' })
    const backAt = Date.now()
    await context.setOffline(false)
    await flows()
    const account = await stop()
    console.log(`offline (${block}), ${way}: back after`, account.backMs(backAt))
    expectIntact(account, backAt)
    expect(account.diary.events).toEqual(['offline', 'online'])
    await context.close()
  }
  await Promise.all(cases.map(run))
})

test('a browser that is wrong about being offline does not end a stream that speaks', async () => {
  const { diary, context, flows, stop } = await openTab('sse')
  const { length } = (await diary()).heard
  const offlineAt = Date.now()
  await context.setOffline(true)
  await until(async () => (await diary()).heard.length > length + 50)
  const backAt = Date.now()
  await context.setOffline(false)
  await flows()
  const account = await stop()
  console.log('offline by its word alone, sse: back after', account.backMs(backAt))
  expectIntact(account, backAt)
  expect(account.diary.events).toEqual(['offline', 'online'])
  expect(account.diary.states.filter(({ at, phase }) => at > offlineAt && phase !== 'online')).toEqual([])
})
