import type { Connection } from '@holdfast/client'
import { auditTime, Subject } from 'rxjs'
import type { Tick } from '../server/topics.ts'
import { byId, h, setText } from './dom.ts'
import { createTally } from './tally.ts'

/** Counts what arrives of the ticks, by itself. Returns when each one came, for the timeline. */
export function showPromise(connection: Connection): Subject<void> {
  const tally = createTally()
  const arrived$ = new Subject<void>()
  const shown = {
    received: stat('received', 'received', 'Numbers that have arrived'),
    lost: stat('lost', 'lost', 'Missing, and nobody has said so', true),
    doubled: stat('doubled', 'doubled', 'Arrived more than once', true),
    reordered: stat('reordered', 'out of order', 'Arrived after a later one', true),
    gaps: stat('gaps', 'in gaps', 'Missing after a long outage, and said aloud: the history no longer reached back'),
  }
  byId('tally').append(...Object.values(shown).map(({ element }) => element))
  render()

  connection.topic<Tick>('ticks', { from: 'live' }).events$.subscribe((event) => {
    if (event.type === 'gap') tally.gap(event.reason === 'epoch')
    if (event.type !== 'message') return
    tally.next(event.data.n)
    arrived$.next()
  })
  arrived$.pipe(auditTime(100)).subscribe(render)
  return arrived$

  function render(): void {
    const { counts } = tally
    for (const [name, { show }] of Object.entries(shown)) show(counts[name as keyof typeof shown])
  }
}

const format = new Intl.NumberFormat('en')

function stat(
  id: string,
  label: string,
  title: string,
  mustBeZero = false,
): { element: HTMLElement; show(value: number): void } {
  const value = h('dd', { id: `tally-${id}` }, '0')
  const element = h('div', { class: mustBeZero ? 'stat promise-zero' : 'stat', title }, h('dt', {}, label), value)
  return {
    element,
    show(count) {
      setText(value, format.format(count))
      element.classList.toggle('broken', mustBeZero && count > 0)
    },
  }
}
