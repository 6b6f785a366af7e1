import { createApp } from 'vue'
import type { Live } from '../live.ts'
import App from './app.vue'

export function mount(root: Element, live: Live): () => void {
  const app = createApp(App, { live })
  app.mount(root)
  return () => app.unmount()
}
