import { fileURLToPath } from 'node:url'
import { createHub, type Hub, type HubOptions } from '@holdfast/server'
import { build, defaultClientConditions } from 'vite'
import { createFaultProxy, type FaultProxy } from './fault-proxy/index.ts'
import { serve, shut } from './world.ts'

/** A page with the client on it, or another module, as `window.holdfast`, and a hub at /realtime; all behind a proxy that breaks the network. */
export interface Site {
  readonly hub: Hub
  readonly proxy: FaultProxy
  /** The page. */
  readonly url: string
  readonly base: string
  close(): Promise<void>
}

const top = fileURLToPath(new URL('../..', import.meta.url))
const page = `<!doctype html>
<meta charset="utf-8">
<title>Holdfast</title>
<link rel="icon" href="data:,">
<script type="module">
  window.holdfast = await import('/client.js')
</script>
`
const client = 'packages/client/src/index.ts'
const bundles = new Map<string, Promise<string>>()

/** @param entry the module that the page has, by its path from the top of the repository */
export async function createSite(options: HubOptions = {}, entry = client): Promise<Site> {
  const bundle = bundles.get(entry) ?? bundleModule(entry)
  bundles.set(entry, bundle)
  const code = await bundle
  const hub = createHub({ authorize: () => true, ...options })
  const { server, port } = await serve(hub, (app) => {
    app.get('/', (_, response) => void response.type('html').send(page))
    app.get('/client.js', (_, response) => void response.type('js').send(code))
  })
  const proxy = await createFaultProxy({ target: { host: '127.0.0.1', port } })
  return {
    hub,
    proxy,
    url: proxy.url,
    base: `${proxy.url}/realtime`,
    async close() {
      await hub.close({ drainMs: 0 })
      await proxy.close()
      await shut(server)
    },
  }
}

async function bundleModule(path: string): Promise<string> {
  const entry = fileURLToPath(new URL(path, `file://${top}`))
  const built = await build({
    root: top,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@holdfast/source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      minify: false,
      lib: { entry, formats: ['es'], fileName: 'client' },
    },
  })
  const [output] = Array.isArray(built) ? built : [built]
  if (!output || !('output' in output)) throw new Error('nothing was bundled')
  return output.output[0].code
}
