import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
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
  return chromium.launch({ executablePath: programPath(), args: quietArgs(), timeout: 20_000 })
}

/** A Chromium that nobody makes look as if each of its tabs were in front. */
export interface PlainBrowser {
  /** Its pages are tabs of one window. */
  readonly context: BrowserContext
  /** One whose pages all believe to be in front. */
  newContext(): Promise<BrowserContext>
  /** Stops all its processes, or lets them go on, as a lid that is closed and opened does. */
  sleep(): void
  wake(): void
  close(): Promise<void>
}

/**
 * As a person has it, but without a window: tabs are hidden by the one in front, timers of hidden ones are throttled, and the
 * back/forward cache is on. Playwright, which turns all this off where it launches a browser, only joins this one.
 */
export async function launchPlainBrowser(args: readonly string[] = []): Promise<PlainBrowser> {
  // Once in many starts a Chromium takes the connection of who wants to steer it, and never answers.
  return launchOnce(args).catch(() => launchOnce(args))
}

async function launchOnce(args: readonly string[]): Promise<PlainBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-browser-'))
  const all = [...quietArgs(), '--headless', '--remote-debugging-port=0', `--user-data-dir=${folder}`, ...args]
  // A process group of its own, so that a signal reaches every process of it, and no other.
  const child = spawn(programPath(), all, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  const signal = (name: NodeJS.Signals) => process.kill(-(child.pid as number), name)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = () => child.exitCode === null && child.signalCode === null && signal('SIGKILL')
  process.once('exit', stop)

  const address = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.once('exit', () => reject(new Error(`Chromium ended: ${text}`)))
    child.stderr.on('data', (chunk) => {
      text += chunk
      const [, found] = /listening on (ws:\S+)/.exec(text) ?? []
      if (found) resolve(found)
    })
  })
  const steered = chromium.connectOverCDP(address, { noDefaults: true, timeout: 10_000 })
  const browser = await steered.catch((error) => {
    stop()
    throw error
  })
  return {
    context: browser.contexts()[0] as BrowserContext,
    newContext: () => browser.newContext(),
    sleep: () => signal('SIGSTOP'),
    wake: () => signal('SIGCONT'),
    async close() {
      signal('SIGCONT')
      await browser.close()
      process.off('exit', stop)
      stop()
      await ended
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function programPath(): string {
  const path = chromiumPath()
  if (!path) throw new Error('there is no Chromium; npm test installs one')
  return path
}

// Chromium's own sandbox refuses to run for root, as in a container.
const quietArgs = () => (process.getuid?.() === 0 ? [...quiet, '--no-sandbox'] : quiet)
