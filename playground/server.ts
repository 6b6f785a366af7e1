import { startPlayground } from './server/start.ts'

const port = Number(process.env.PORT ?? 5173)
const playground = await startPlayground({ port: Number.isInteger(port) && port >= 0 ? port : 5173 })

console.log(`\n  Holdfast playground: ${playground.url}\n`)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    playground.close().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  })
}
