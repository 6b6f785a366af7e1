/** @jsxImportSource solid-js */
import { useSelector } from '@xstate/store-solid'
import { For } from 'solid-js'
import { render } from 'solid-js/web'
import { badgeOf, countOf, errorOf, isOld, type Live, parityOf, rowsOf, say } from '../live.ts'

function App({ live }: { live: Live }) {
  const badge = useSelector(live.link, badgeOf)
  const count = useSelector(live.counter, countOf)
  const isCountOld = useSelector(live.counter, isOld)
  const rows = useSelector(live.feed, rowsOf)
  const areRowsOld = useSelector(live.feed, isOld)
  const error = useSelector(live.feed, errorOf)
  return (
    <main>
      <output data-testid="badge">{badge()}</output>
      <section data-testid="counter" data-old={isCountOld()}>
        <h2>Counter</h2>
        <output data-testid="count">{count()}</output> <Parity live={live} />
        <button type="button" data-testid="plus" onClick={() => live.counter.publish(1)}>
          +1
        </button>
      </section>
      <section data-testid="feed" data-old={areRowsOld()}>
        <h2>Feed</h2>
        <ol>
          <For each={rows()}>
            {({ id, kind, text }) => (
              <li data-id={id} data-kind={kind}>
                {text}
              </li>
            )}
          </For>
        </ol>
        <form onSubmit={say(live)}>
          <input name="text" aria-label="Your line" required autocomplete="off" />
          <button type="submit">Say</button>
        </form>
        <p role="alert">{error()}</p>
      </section>
    </main>
  )
}

function Parity({ live }: { live: Live }) {
  const count = useSelector(live.counter, countOf)
  return <span data-testid="parity">{parityOf(count())}</span>
}

export const mount = (root: Element, live: Live): (() => void) => render(() => <App live={live} />, root)
