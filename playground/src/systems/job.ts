import type { Connection } from '@holdfast/client'
import { filter, map, takeWhile } from 'rxjs'
import { h, setText } from '../dom.ts'
import { cancelJob, countPrimes, job, mostNumbers, type Progress } from './topics.ts'
import { reasonWords } from './view.ts'

/** Something that takes long. The tab keeps its id alone, follows it on after a reload, and listens until it is over. */
export function showJob(connection: Connection, root: HTMLElement): void {
  const most = h('input', { type: 'number', value: 4_000_000, min: 1, max: mostNumbers })
  const start = h('button', { type: 'button', class: 'primary' }, 'Count')
  const cancel = h('button', { type: 'button', disabled: true }, 'Cancel')
  const bar = h('progress', { 'aria-label': 'Progress', value: 0 })
  const words = h('p', { role: 'status' })
  root.append(h('div', { class: 'composer' }, h('label', {}, 'Primes below ', most), start, cancel), bar, words)
  const failed = (error: unknown) => setText(words, reasonWords(error))
  follow(sessionStorage.getItem('job'))
  start.onclick = () =>
    connection.request(countPrimes, { below: most.valueAsNumber }).then(({ id }) => follow(id), failed)

  function follow(id: string | null): void {
    if (id === null) return
    sessionStorage.setItem('job', id)
    cancel.onclick = () => connection.request(cancelJob, { id }).catch(failed)
    const { events$, live$ } = connection.topic(job({ id }), { from: 'snapshot' })
    const stale = live$.subscribe((isLive) => root.classList.toggle('stale', !isLive && start.disabled))
    const progress$ = events$.pipe(
      filter((event) => event.type !== 'gap'),
      map(({ data }) => data as Progress),
      takeWhile(({ phase }) => phase === 'counting', true),
    )
    progress$.subscribe({ next: show, error: failed, complete: () => stale.unsubscribe() })
  }

  function show({ phase, below, done, found }: Progress): void {
    start.disabled = phase === 'counting'
    cancel.disabled = phase !== 'counting'
    bar.value = done / below
    setText(words, `${phase}: ${found.toLocaleString()} primes among ${done.toLocaleString()} numbers`)
  }
}
