import { expect, test } from 'vitest'
import { flood } from '../bench/store/flood.ts'
import { launchBrowser } from '../support/browser.ts'
import { createSite } from '../support/site.ts'

test('a table follows a flood of messages: told at most once a frame, and no update is lost', async () => {
  const site = await createSite({}, 'test/bench/store/table.ts')
  // On a starved machine the page lags far behind, and a gap would start it over.
  site.hub.topics('changes', { history: { count: 100_000, bytes: 2 ** 26 } })
  const browser = await launchBrowser()
  try {
    const { sent, seen, wrongCells, perSecond, busy } = await flood(await browser.newPage(), site, 10_000, 2)
    console.log(`table: ${Math.round(perSecond)} messages/s, main thread ${Math.round(busy)} % busy`)
    expect(sent).toBeGreaterThan(10_000)
    expect({ changes: seen.changes, wrongCells }).toEqual({ changes: sent, wrongCells: 0 })
    expect(seen.crowdedFrames).toBe(0)
    expect(seen.notifications).toBeLessThan(sent / 20)
  } finally {
    await browser.close()
    await site.close()
  }
}, 60_000)
