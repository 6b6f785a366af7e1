import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import vue from '@vitejs/plugin-vue'
import { build, defaultClientConditions, type InlineConfig, type Plugin, type PluginOption } from 'vite'
import solid from 'vite-plugin-solid'

export const uis = ['react', 'preact', 'vue', 'svelte', 'solid', 'angular', 'dom'] as const
export type Ui = (typeof uis)[number]

/** A UI as a browser loads it. */
export interface Bundle {
  readonly script: string
  readonly style: string
}

const top = fileURLToPath(new URL('../..', import.meta.url))
const folder = fileURLToPath(new URL('../../playground/ui', import.meta.url))

/** As each UI's makers have it built; with their warnings, since it is not for production. */
const plugins: Partial<Record<Ui, () => PluginOption>> = {
  vue,
  svelte: () => svelte({ configFile: false }),
  solid: () => solid(),
}
const more: Partial<Record<Ui, InlineConfig>> = { angular: { oxc: { decorator: { legacy: true } } } }

/** The module of a UI that has `mount`. */
export const moduleOf = (ui: Ui): string => {
  const names = readdirSync(`${folder}/${ui}`)
  return `${folder}/${ui}/${names.find((name) => name === 'mount.ts') ?? names.find((name) => name.startsWith('app.'))}`
}

/** How many lines a UI's own source has. */
export const linesOf = (ui: Ui): number =>
  readdirSync(`${folder}/${ui}`)
    .map((name) => readFileSync(`${folder}/${ui}/${name}`, 'utf8').trimEnd().split('\n').length)
    .reduce((sum, lines) => sum + lines)

/** @param entry its code, which imports the UI */
export async function buildUi(ui: Ui, entry: string): Promise<Bundle> {
  const built = await build({
    root: top,
    configFile: false,
    logLevel: 'error',
    mode: 'development',
    define: { 'process.env.NODE_ENV': '"development"' },
    resolve: { conditions: ['@holdfast/source', ...defaultClientConditions] },
    plugins: [entryPlugin(entry), plugins[ui]?.()],
    build: {
      write: false,
      target: 'es2022',
      minify: false,
      cssCodeSplit: false,
      rollupOptions: { input: entryId, output: { codeSplitting: false } },
    },
    ...more[ui],
  })
  const [first] = Array.isArray(built) ? built : [built]
  if (!first || !('output' in first)) throw new Error('nothing was built')
  const style = first.output.find(({ fileName }) => fileName.endsWith('.css'))
  return { script: first.output[0].code, style: style?.type === 'asset' ? `${style.source}` : '' }
}

const entryId = 'virtual:entry.ts'
const entryPlugin = (code: string): Plugin => ({
  name: 'entry',
  resolveId: (id) => (id === entryId ? id : null),
  load: (id) => (id === entryId ? code : null),
})
