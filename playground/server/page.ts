import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import express, { type RequestHandler } from 'express'

/** What serves the page itself. */
export interface Page {
  readonly handler: RequestHandler
  close(): Promise<void>
}

const top = fileURLToPath(new URL('../..', import.meta.url))
const built = fileURLToPath(new URL('../dist', import.meta.url))

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
    // One port for everything: Vite's own socket lives beside the hub's.
    server: { middlewareMode: true, hmr: { server } },
    // Known in advance, they are bundled before the first visit, which then needs no reload.
    optimizeDeps: { include: ['rxjs', 'xstate', 'uplot', 'eventsource-parser'] },
  })
  await vite.warmupRequest('/src/main.ts')
  return { handler: vite.middlewares, close: () => vite.close() }
}
