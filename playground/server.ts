import { startPlayground } from './server/start.ts'

const wanted = Number(process.env.PORT ?? 5173)
const port = Number.isInteger(wanted) && wanted >= 0 ? wanted : 5173
const playground = await startPlayground({ port })

if (port > 0 && !playground.url.endsWith(`:${port}`)) console.log(`\n  ${port} is taken.`)
console.log(`\n  Holdfast playground: ${playground.url}\n`)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    playground.close().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  })
}
