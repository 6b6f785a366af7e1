import type { Page } from 'playwright-core'
import type { Site } from '../../support/site.ts'
import type { Change, Seen } from './table.ts'

export interface Flood {
  readonly sent: number
  readonly perSecond: number
  /** Of the page's main thread, in percent. */
  readonly busy: number
  readonly seen: Seen
  /** Rows whose cell does not show their newest change. */
  readonly wrongCells: number
  /** From the last publish until the page had all changes. */
  readonly behindMs: number
}

const everyMs = 10

/** Sends changes of random rows to the page's table, so many a second, and tells how it went. */
export async function flood(page: Page, site: Site, perSecond: number, seconds: number): Promise<Flood> {
  const topic = site.hub.topic<Change>('changes')
  const newest = new Array<number>(1_000).fill(0)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const taskMs = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0)
  }
  const read = () => page.evaluate(() => (globalThis as unknown as { seen(): Seen }).seen())

  await page.goto(site.url)
  await page.waitForFunction('window.holdfast')
  await page.evaluate((base) => {
    const { holdfast } = globalThis as unknown as { holdfast: typeof import('./table.ts') }
    Object.assign(globalThis, { seen: holdfast.showTable(base) })
  }, site.base)
  await page.waitForFunction('seen().frames > 5')
  while (site.hub.stats().topics === 0 || site.hub.stats().sessions.websocket === 0) await page.evaluate(() => 0)

  let sent = 0
  const send = () => {
    const row = (sent * 7919) % newest.length
    newest[row] = ++sent
    void topic.publish({ row, n: sent })
  }
  // What was compiled and what was laid out for the first time is not what is measured.
  await paced(perSecond, 1, () => sent, send)
  const [taskBefore, startedAt, sentBefore] = [await taskMs(), performance.now(), sent]
  await paced(perSecond, seconds, () => sent - sentBefore, send)
  const endedAt = performance.now()
  const busy = (100 * ((await taskMs()) - taskBefore)) / (performance.now() - startedAt)
  let seen = await read()
  while (seen.changes < sent && performance.now() - endedAt < 10_000) seen = await read()
  const behindMs = performance.now() - endedAt
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  seen = await read()
  return {
    sent,
    perSecond: (1_000 * (sent - sentBefore)) / (endedAt - startedAt),
    busy,
    seen,
    wrongCells: newest.filter((n, row) => seen.cells[row] !== `${n}`).length,
    behindMs,
  }
}

/** Calls `send` so often a second that `count` is on time, also after the machine was busy with something else. */
async function paced(perSecond: number, seconds: number, count: () => number, send: () => void): Promise<void> {
  const startedAt = performance.now()
  const before = count()
  for (let passed = 0; passed < seconds; passed = (performance.now() - startedAt) / 1_000) {
    const due = Math.min(passed, seconds) * perSecond
    while (count() - before < due) send()
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
