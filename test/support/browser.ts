import { type Browser, chromium } from 'playwright-core'
import { chromiumPath } from './ensure.mjs'

const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A Chromium without a window. The one who launches it closes it. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (!executablePath) throw new Error('there is no Chromium; npm test installs one')
  // Chromium's own sandbox refuses to run for root, as in a container.
  const args = process.getuid?.() === 0 ? [...quiet, '--no-sandbox'] : quiet
  return chromium.launch({ executablePath, args, timeout: 20_000 })
}
