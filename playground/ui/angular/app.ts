import '@angular/compiler'
import { Component, InjectionToken, inject, provideExperimentalZonelessChangeDetection } from '@angular/core'
import { createApplication } from '@angular/platform-browser'
import { injectStore } from '@xstate/store-angular'
import { badgeOf, countOf, errorOf, isOld, type Live, parityOf, rowsOf, say } from '../live.ts'

const LIVE = new InjectionToken<Live>('live')

@Component({ selector: 'app-parity', template: `<span data-testid="parity">{{ parityOf(count()) }}</span>` })
class Parity {
  readonly count = injectStore(inject(LIVE).counter, countOf)
  readonly parityOf = parityOf
}

@Component({
  selector: 'app-root',
  imports: [Parity],
  template: `<main>
    <output data-testid="badge">{{ badge() }}</output>
    <section data-testid="counter" [attr.data-old]="isCountOld()">
      <h2>Counter</h2>
      <output data-testid="count">{{ count() }}</output> <app-parity />
      <button type="button" data-testid="plus" (click)="live.counter.publish(1)">+1</button>
    </section>
    <section data-testid="feed" [attr.data-old]="areRowsOld()">
      <h2>Feed</h2>
      <ol>
        @for (row of rows(); track row.id) {
          <li [attr.data-kind]="row.kind" [attr.data-id]="row.id">{{ row.text }}</li>
        }
      </ol>
      <form (submit)="say($event)">
        <input name="text" aria-label="Your line" required autocomplete="off" />
        <button type="submit">Say</button>
      </form>
      <p role="alert">{{ error() }}</p>
    </section>
  </main>`,
})
class App {
  readonly live = inject(LIVE)
  readonly badge = injectStore(this.live.link, badgeOf)
  readonly count = injectStore(this.live.counter, countOf)
  readonly isCountOld = injectStore(this.live.counter, isOld)
  readonly rows = injectStore(this.live.feed, rowsOf)
  readonly areRowsOld = injectStore(this.live.feed, isOld)
  readonly error = injectStore(this.live.feed, errorOf)
  readonly say = say(this.live)
}

export function mount(root: Element, live: Live): () => void {
  const host = root.appendChild(document.createElement('app-root'))
  const providers = [provideExperimentalZonelessChangeDetection(), { provide: LIVE, useValue: live }]
  const created = createApplication({ providers })
  const mounted = created.then((app) => app.bootstrap(App, host))
  return () => void mounted.then(async () => (await created).destroy())
}
