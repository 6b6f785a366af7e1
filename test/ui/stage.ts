import { fileURLToPath } from 'node:url'
import { createHub, type Hub } from '@holdfast/server'
import type { Browser, Page } from 'playwright-core'
import { served, serveLive } from '../../playground/ui/hub.ts'
import { clicks, type Live, lines } from '../../playground/ui/live.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy/index.ts'
import { serve, shut } from '../support/world.ts'
import { type Bundle, buildUi, moduleOf, type Ui } from './build.ts'
import { record, type Shown } from './recorder.ts'

/** A UI in a browser, a hub that keeps little, and a network between them that can be broken. */
export interface Stage {
  readonly page: Page
  readonly proxy: FaultProxy
  readonly hub: Hub
  /** What surfaced in its `errors$`. */
  readonly errors: readonly unknown[]
  /** What the hub has of both topics. */
  readonly live: Live
  /** The sessions that there have been. */
  readonly sessions: readonly string[]
  /** How many sessions each transport carries now. */
  carried(): Record<string, number>
  /** Publishes so many lines and clicks at the hub, a little apart. */
  flow(count: number, everyMs?: number): Promise<void>
  /** What the page shows at this moment. */
  shows(): Promise<Look>
  shown(): Promise<Shown>
  /** What came down the page's WebSockets. */
  readonly frames: readonly string[]
  /** What the page's code has written to its console as warnings and errors. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

export interface Look {
  readonly badge: string
  readonly count: string
  readonly isOld: string
  readonly error: string
  /** The newest first. */
  readonly rows: readonly { readonly kind: string; readonly text: string }[]
}

/** How many messages of each topic the hub keeps. */
export const kept = 20

export const bundleOf = (ui: Ui): Promise<Bundle> =>
  buildUi(ui, `import { mount } from '${moduleOf(ui)}'\nimport { run } from '${entry}'\nrun(mount)`)

const entry = fileURLToPath(new URL('entry.ts', import.meta.url))

/** @param render the page's first markup, if it is rendered on the server */
export async function createStage(
  browser: Browser,
  title: string,
  { script, style }: Bundle,
  render?: (live: Live) => string,
): Promise<Stage> {
  const sessions: string[] = []
  const complaints: string[] = []
  const frames: string[] = []
  const errors: unknown[] = []
  const hub = createHub({ authorize: () => true, onSession: ({ id }) => sessions.push(id) })
  hub.errors$.subscribe((error) => errors.push(error))
  const live = serveLive(hub, { count: kept })
  const { server, port } = await serve(hub, (app) => {
    app.get('/', (_, response) => void response.type('html').send(pageOf(title, live, render)))
    app.get('/ui.js', (_, response) => void response.type('js').send(script))
    app.get('/ui.css', (_, response) => void response.type('css').send(style))
  })
  const proxy = await createFaultProxy({ target: { host: '127.0.0.1', port } })
  const context = await browser.newContext({ viewport: { width: 560, height: 640 } })
  const page = await context.newPage()
  await page.addInitScript(record)
  page.on('pageerror', (error) => complaints.push(`${error}`))
  page.on('console', (message) => {
    const isOfCode = !/WebSocket connection to|Failed to load resource|net::ERR_/.test(message.text())
    if (isOfCode && ['warning', 'error'].includes(message.type())) complaints.push(message.text())
  })

  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => frames.push(...`${payload}`.split('\n')))
  })

  let told = 0
  return {
    hub,
    errors,
    page,
    proxy,
    live,
    sessions,
    frames,
    complaints,
    carried: () => ({ ...hub.stats().sessions }),
    async flow(count, everyMs = 10) {
      for (let i = 0; i < count; i++) {
        const n = ++told
        await hub.topic(lines()).publish({ id: `hub-${n}`, text: `line ${n}` })
        await hub.topic(clicks()).publish(1)
        if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    },
    shows: () => page.evaluate(look),
    shown: () => page.evaluate(() => globalThis.shown),
    async close() {
      await context.close()
      live.counter.stop()
      live.feed.stop()
      await hub.close({ drainMs: 0 })
      await proxy.close()
      await shut(server)
    },
  }
}

/** Runs in the page. */
function look(): Look {
  const textOf = (selector: string) => document.querySelector(selector)?.textContent ?? ''
  return {
    badge: textOf('[data-testid=badge]'),
    count: textOf('[data-testid=count]'),
    isOld: [...document.querySelectorAll<HTMLElement>('section')].map(({ dataset }) => dataset.old).join(),
    error: textOf('[role=alert]'),
    rows: [...document.querySelectorAll('li')].map(({ dataset, textContent }) => ({
      kind: dataset.kind ?? '',
      text: textContent ?? '',
    })),
  }
}

function pageOf(title: string, live: Live, render?: (live: Live) => string): string {
  const state = JSON.stringify(served(live)).replaceAll('<', '\\u003c')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Live in ${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/ui.css">
<h1>${title}</h1>
<div id="app">${render?.(live) ?? ''}</div>
${render ? `<script id="served" type="application/json">${state}</script>` : ''}
<script type="module" src="/ui.js"></script>
</html>`
}
