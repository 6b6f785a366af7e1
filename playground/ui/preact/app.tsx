/** @jsxImportSource preact */
import { useSelector } from '@xstate/store-preact'
import { render } from 'preact'
import { badgeOf, countOf, errorOf, isOld, type Live, parityOf, type Row, rowsOf, say } from '../live.ts'

function App({ live }: { live: Live }) {
  const rows = useSelector(live.feed, rowsOf)
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
        <ol>{rows.map(item)}</ol>
        <form onSubmit={say(live)}>
          <input name="text" aria-label="Your line" required autocomplete="off" />
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
export function mount(root: Element, live: Live): () => void {
  render(<App live={live} />, root)
  return () => render(null, root)
}
