/**
 * A topic of 10,000 messages a second, folded by one `topicStore` (with `messages`), and a table of 1,000 rows that follows it
 * through a selector, in headless Chromium: how busy the page's main thread is, how often it is told, and whether it shows
 * every row's newest message in the end.
 *
 * Busy is Chromium's own sum of all tasks of the main thread (`TaskDuration`, in time of that thread), parsing frames, folding,
 * changing cells, layout and painting included. Beside it, in the same page and the same rounds, the page does the same at 1,000 messages a second,
 * so that what the table alone costs can be seen: it is told about as often.
 *
 * What would fool it:
 * - code that is not compiled yet, and the first layout: the first second is not measured;
 * - a hub that is too slow to send so many: what was sent a second is measured, and below 95 % is no result;
 * - a page that falls behind: how long it takes from the last publish until it has all is measured too;
 * - two cores for the hub, the browser's processes and this one: busy is time of the thread, and grows with what shares caches,
 *   not with waiting for a core.
 */
import { launchBrowser } from '../support/browser.ts'
import { createSite } from '../support/site.ts'
import type { Bench } from './harness/bench.ts'
import { formatTable } from './harness/table.ts'
import { type Flood, flood } from './store/flood.ts'

const goals = { busy: 50 }
const rates = [1_000, 10_000]

export const bench: Bench = {
  async run({ quick }) {
    const [rounds, seconds] = quick ? [1, 3] : [5, 5]
    const browser = await launchBrowser()
    const floods = new Map<number, Flood[]>(rates.map((rate) => [rate, []]))
    try {
      for (let round = 0; round < rounds; round++)
        for (const rate of rates) floods.get(rate)?.push(await once(rate, seconds))
      return verdict(floods, browser.version())
    } finally {
      await browser.close()
    }

    async function once(rate: number, forSeconds: number): Promise<Flood> {
      const site = await createSite({}, 'test/bench/store/table.ts')
      // A page that lags behind for a moment is not to be told a gap, which would start it over.
      site.hub.topics('changes', { history: { count: 5 * rate, bytes: 2 ** 26 } })
      const page = await browser.newPage()
      try {
        return await flood(page, site, rate, forSeconds)
      } finally {
        await page.close()
        await site.close()
      }
    }
  },
}

function verdict(floods: ReadonlyMap<number, readonly Flood[]>, browser: string) {
  const missed: string[] = []
  const rows = [...floods].map(([rate, all]) => {
    const busy = sorted(all.map((one) => one.busy))
    const crowded = sum(all, ({ seen }) => seen.crowdedFrames)
    const lost = sum(all, ({ sent, seen, wrongCells }) => sent - seen.changes + wrongCells)
    const perSecond = median(sorted(all.map((one) => one.perSecond)))
    if (perSecond < 0.95 * rate) missed.push(`${rate}: only ${Math.round(perSecond)} were sent a second`)
    if (median(busy) >= goals.busy) missed.push(`${rate}: busy ${median(busy).toFixed(1)} %`)
    if (crowded > 0) missed.push(`${rate}: ${crowded} frames with more than one notification`)
    if (lost !== 0) missed.push(`${rate}: ${lost} updates lost`)
    return {
      rate,
      perSecond: Math.round(perSecond),
      busyMedian: round(median(busy)),
      busyRange: [round(busy[0] ?? 0), round(busy.at(-1) ?? 0)],
      notifications: sum(all, ({ seen }) => seen.notifications),
      frames: sum(all, ({ seen }) => seen.frames),
      crowdedFrames: crowded,
      lost,
      behindMsMax: Math.round(Math.max(...all.map((one) => one.behindMs))),
    }
  })
  const text = formatTable(
    ['messages/s', 'busy %', 'range', 'notifications', 'frames', 'crowded', 'lost', 'behind ms'],
    rows.map((row) =>
      [
        row.perSecond,
        row.busyMedian,
        row.busyRange.join(' - '),
        row.notifications,
        row.frames,
        row.crowdedFrames,
        row.lost,
        row.behindMsMax,
      ].map(String),
    ),
  )
  return { text: `Chromium ${browser}, a table of 1,000 rows\n\n${text}`, figures: { browser, rows }, missed }
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const median = (values: readonly number[]) => values[Math.floor(values.length / 2)] ?? Number.NaN
const sum = <T>(all: readonly T[], of: (one: T) => number) => all.reduce((total, one) => total + of(one), 0)
const round = (value: number) => Math.round(10 * value) / 10
