import type { Browser, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { runPlayground } from '../support/playground.ts'

/** One who has opened a system's tab, in a browser profile and behind a network of their own. */
export interface Visitor {
  readonly name: string
  readonly page: Page
  /** The system's pane. */
  readonly pane: Locator
  /** What went wrong on the page: exceptions, and errors on the console. */
  readonly errors: readonly string[]
  /** Sets what becomes of WebSockets, and has the way looked for anew. */
  network(fault: Fault): Promise<void>
  /** Waits until the badge says so. */
  carriedBy(transport: string): Promise<void>
}

export type Fault = 'Normal' | 'Refused' | 'Swallowed'

export interface Stage {
  readonly url: string
  readonly browser: Browser
  visit(name: string, tab: string): Promise<Visitor>
  close(): Promise<void>
}

/** The real playground's server, and one browser for all who visit it. */
export async function openStage(): Promise<Stage> {
  const [playground, browser] = await Promise.all([runPlayground(), launchBrowser()])
  return {
    url: playground.url,
    browser,
    visit: (name, tab) => visit(browser, playground.url, name, tab),
    async close() {
      await browser.close()
      expect(await playground.stop()).toBe(0)
    },
  }
}

async function visit(browser: Browser, url: string, name: string, tab: string): Promise<Visitor> {
  const context = await browser.newContext()
  await context.addInitScript((mine) => localStorage.setItem('holdfast-playground-name', mine), name)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    // The browser itself complains of what the faults do to its requests.
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text()))
      errors.push(message.text())
  })
  await page.goto(`${url}/#${tab}`)
  const visitor: Visitor = {
    name,
    page,
    pane: page.locator(`#pane-${tab}`),
    errors,
    async network(fault) {
      // Without the mouse, which the visitor may be using at the same time.
      // Where a fault is chosen, the page sets it and then cuts the WebSockets that are there.
      await Promise.all([
        page.waitForResponse(fault === 'Normal' ? /\/lab\/[^/]+$/ : /\/lab\/.+\/cut$/),
        page.getByRole('radio', { name: fault, exact: true }).dispatchEvent('click'),
      ])
      // What cuts WebSockets alone leaves a stream as it is, and what becomes of the next handshake would not be seen.
      if (fault === 'Swallowed') await page.getByRole('button', { name: 'Cut now' }).dispatchEvent('click')
      if (fault === 'Normal') await page.evaluate('connection.reconnect()')
    },
    carriedBy: (transport) => page.locator(`#badge[data-carrier="${transport}"]`).waitFor(),
  }
  await visitor.carriedBy('websocket')
  return visitor
}

const rounds: readonly [fault: Fault, carrier: string][] = [
  ['Refused', 'sse'],
  ['Swallowed', 'sse'],
  ['Normal', 'websocket'],
]

/**
 * WebSockets are refused, swallowed and free again, for all visitors at once; each acts while that happens, and once more
 * when the badge says what carries. `act` waits for nothing that only the network can give.
 */
export async function throughSwitches(
  visitors: readonly Visitor[],
  act: (visitor: Visitor, moment: string) => Promise<void>,
): Promise<void> {
  for (const [fault, carrier] of rounds) {
    await Promise.all(
      visitors.map(async (visitor) => {
        await Promise.all([visitor.network(fault), act(visitor, `${fault}, at once`)])
        await visitor.carriedBy(carrier)
        await act(visitor, `${fault}, over ${carrier}`)
      }),
    )
  }
}
