import './style.css'
import { type ConnectOptions, connect } from '@holdfast/client'
import { createLive, type Live, type Served } from './live.ts'

/** Shows a UI on this page; answers what takes it off again. */
export type Mount = (root: Element, live: Live) => () => void

/** What every page does, whatever its UI is made with. A rendered page brings the state along, as JSON in `#served`. */
export function start(mount: Mount, options: ConnectOptions = {}): () => void {
  const served = document.querySelector('#served')?.textContent
  const live = createLive(connect('/realtime', options), served ? (JSON.parse(served) as Served) : {})
  return mount(document.querySelector('#app') as Element, live)
}
