import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, test, vi } from 'vitest'
import { render } from '../../playground/ui/react/server.tsx'
import { launchBrowser } from '../support/browser.ts'
import { type Bundle, type Ui, uis } from './build.ts'
import { play } from './play.ts'
import { bundleOf, createStage } from './stage.ts'

// All UIs at once, in one browser.
vi.setConfig({ testTimeout: 60_000, maxConcurrency: uis.length })

let browser: Browser
const bundles = new Map<Ui, Bundle>()

beforeAll(async () => {
  const begun = performance.now()
  const launching = launchBrowser()
  await Promise.all(uis.map(async (ui) => bundles.set(ui, await bundleOf(ui))))
  browser = await launching
  console.log(`built in ${Math.round(performance.now() - begun)} ms`)
}, 60_000)
afterAll(async () => {
  await browser?.close()
})

test.concurrent.each(uis)('%s: lives through all that a network does', async (ui) => {
  const stage = await createStage(browser, ui, bundles.get(ui) as Bundle, ui === 'react' ? render : undefined)
  try {
    const begun = performance.now()
    await play(stage, ui === 'react')
    console.log(`${ui}: played in ${Math.round(performance.now() - begun)} ms, ${(await stage.shown()).looks} changes`)
  } finally {
    await stage.close()
  }
})
