import { mount as mountApp, unmount } from 'svelte'
import type { Live } from '../live.ts'
import App from './app.svelte'

export function mount(target: Element, live: Live): () => void {
  const app = mountApp(App, { target, props: { live } })
  return () => void unmount(app)
}
