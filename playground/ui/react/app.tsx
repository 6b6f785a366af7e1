import { useSelector } from '@xstate/store-react'
import { memo, StrictMode, useDeferredValue } from 'react'
import { flushSync } from 'react-dom'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { badgeOf, countOf, errorOf, isOld, type Live, parityOf, type Row, rowsOf, say } from '../live.ts'

export function App({ live }: { live: Live }) {
  const rows = useDeferredValue(useSelector(live.feed, rowsOf))
  return (
    <main>
      <output data-testid="badge">{useSelector(live.link, badgeOf)}</output>
      <section data-testid="counter" data-old={useSelector(live.counter, isOld)}>
        <h2>Counter</h2>
        <output data-testid="count">{useSelector(live.counter, countOf)}</output> <Parity live={live} />
        <button type="button" data-testid="plus" onClick={() => live.counter.publish(1)}>
          +1
        </button>
      </section>
      <section data-testid="feed" data-old={useSelector(live.feed, isOld)}>
        <h2>Feed</h2>
        <Rows rows={rows} />
        <form onSubmit={say(live)}>
          <input name="text" aria-label="Your line" required autoComplete="off" />
          <button type="submit">Say</button>
        </form>
        <p role="alert">{useSelector(live.feed, errorOf)}</p>
      </section>
    </main>
  )
}

const Parity = ({ live }: { live: Live }) => (
  <span data-testid="parity">{parityOf(useSelector(live.counter, countOf))}</span>
)

const item = ({ id, kind, text }: Row) => (
  <li key={id} data-id={id} data-kind={kind}>
    {text}
  </li>
)
// Drawn when there is time: typing goes first.
const Rows = memo(({ rows }: { rows: readonly Row[] }) => <ol>{rows.map(item)}</ol>)

export function mount(root: Element, live: Live): () => void {
  const app = (
    <StrictMode>
      <App live={live} />
    </StrictMode>
  )
  // At once, before anything can arrive: what was served is what is hydrated.
  const mounted = flushSync(() => (root.hasChildNodes() ? hydrateRoot(root, app) : createRoot(root)))
  mounted.render(app)
  return () => mounted.unmount()
}
