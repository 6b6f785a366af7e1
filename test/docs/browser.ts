/// <reference types="vite/client" />
import { createElement, type FunctionComponent, StrictMode } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'

/** The blocks of the page that run in a browser, by their files. */
const blocks: Record<string, any> = import.meta.glob(
  ['./dist/use-*.ts', './dist/lines.tsx', './dist/connection.ts', './dist/hybrid*.ts'],
  {
    eager: true,
  },
)

/** @param file `hybrid.old.ts` */
export const block = (file: string) => blocks[`./dist/${file}`]

/** Renders a component as development does, effects included. Answers what takes it off the page. */
export function mount(component: FunctionComponent): () => void {
  const root = createRoot(document.body.appendChild(document.createElement('main')))
  flushSync(() => root.render(createElement(StrictMode, null, createElement(component))))
  return () => root.unmount()
}

/** Mounts a component that only uses a hook; `result` is what the hook answered last. */
export function mountHook<R>(hook: () => R) {
  const mounted = { result: undefined as R | undefined, unmount: () => {} }
  mounted.unmount = mount(() => {
    mounted.result = hook()
    return null
  })
  return mounted
}
