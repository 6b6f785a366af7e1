import type { Readable } from '@xstate/store'
import { distinctUntilChanged, fromEvent, map, merge, Observable, startWith, tap } from 'rxjs'
import { badgeOf, countOf, errorOf, isOld, type Live, parityOf, type Row, rowsOf, say } from '../live.ts'

const markup = `<main>
  <output data-testid="badge"></output>
  <section data-testid="counter">
    <h2>Counter</h2>
    <output data-testid="count"></output> <span data-testid="parity"></span>
    <button type="button" data-testid="plus">+1</button>
  </section>
  <section data-testid="feed">
    <h2>Feed</h2>
    <ol></ol>
    <form>
      <input name="text" aria-label="Your line" required autocomplete="off">
      <button type="submit">Say</button>
    </form>
    <p role="alert"></p>
  </section>
</main>`

/** What is selected, now and whenever it changes. */
const watch = <S, V>(store: Readable<S>, select: (snapshot: S) => V): Observable<V> =>
  new Observable<S>((to) => store.subscribe((now) => to.next(now))).pipe(
    startWith(store.get()),
    map(select),
    distinctUntilChanged(),
  )

export function mount(root: Element, live: Live): () => void {
  root.innerHTML = markup
  const { counter, feed, link } = live
  const find = (selector: string) => root.querySelector(selector) as HTMLElement
  const at = (id: string) => find(`[data-testid=${id}]`)
  const write = (to: HTMLElement) => (text: number | string) => Object.assign(to, { textContent: text })
  const age = (id: string) => (old: boolean) => Object.assign(at(id).dataset, { old })
  const done = merge(
    watch(link, badgeOf).pipe(tap(write(at('badge')))),
    watch(counter, countOf).pipe(tap(write(at('count'))), map(parityOf), tap(write(at('parity')))),
    watch(counter, isOld).pipe(tap(age('counter'))),
    watch(feed, rowsOf).pipe(tap((rows) => find('ol').replaceChildren(...rows.map(item)))),
    watch(feed, isOld).pipe(tap(age('feed'))),
    watch(feed, errorOf).pipe(tap(write(find('[role=alert]')))),
    fromEvent(at('plus'), 'click').pipe(tap(() => counter.publish(1))),
    fromEvent(find('form'), 'submit').pipe(tap(say(live))),
  ).subscribe()
  done.add(() => root.replaceChildren())
  return () => done.unsubscribe()
}

function item({ id, kind, text }: Row): HTMLElement {
  const line = document.createElement('li')
  line.textContent = text
  Object.assign(line.dataset, { id, kind })
  return line
}
