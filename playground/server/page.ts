import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import express, { type RequestHandler } from 'express'
import type { ViteDevServer } from 'vite'

/** What serves the page itself. */
export interface Page {
  readonly handler: RequestHandler
  close(): Promise<void>
}

const top = fileURLToPath(new URL('../..', import.meta.url))
const built = fileURLToPath(new URL('../dist', import.meta.url))
const isTest = process.env.NODE_ENV === 'test'
const firstBundleMs = 10_000

/** The built page in production, and otherwise Vite, which serves the sources and reloads them. */
export async function createPage(server: Server): Promise<Page> {
  if (process.env.NODE_ENV === 'production' && existsSync(built)) {
    return { handler: express.static(built), close: async () => {} }
  }
  const { createServer } = await import('vite')
  const vite = await createServer({
    configFile: `${top}vite.config.ts`,
    root: `${top}playground`,
    appType: 'spa',
    clearScreen: false,
    logLevel: 'warn',
    // One port for everything: Vite's own socket lives beside the hub's. A page under test stays as it was, whatever is edited.
    server: { middlewareMode: true, hmr: { server }, ...(isTest && { watch: null }) },
    // Four requests instead of seventy, so that the page streams well within two seconds of opening.
    experimental: { bundledDev: true },
  })
  await firstBundle(vite)
  return { handler: vite.middlewares, close: () => vite.close() }
}

/** Until then Vite answers with a page that says so. After an error it says that, and there is nothing to wait for. */
async function firstBundle({ environments }: ViteDevServer): Promise<void> {
  const { bundledDev } = environments.client
  const late = performance.now() + firstBundleMs
  while (bundledDev && !bundledDev.memoryFiles.has('index.html') && performance.now() < late) await wait(20)
}
