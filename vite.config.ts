import { fileURLToPath } from 'node:url'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

const top = fileURLToPath(new URL('.', import.meta.url))
const playground = fileURLToPath(new URL('playground', import.meta.url))
// Inside this repository the packages resolve to their TypeScript sources, so nothing has to be built first.
const source = '@holdfast/source'

export default defineConfig({
  root: playground,
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions], externalConditions: [source] } },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022' },
  test: {
    root: top,
    include: ['packages/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // What is waited for comes when it comes; on a busy machine that is later than Vitest's one second.
    expect: { poll: { timeout: 10_000 } },
    // There, a browser or a timer that was starved once is no reason to refuse what is sound. What fails twice fails.
    retry: process.env.CI ? 1 : 0,
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
