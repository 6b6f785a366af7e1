import type { Connection, ConnectionState } from '@holdfast/client'
import { combineLatest, interval, startWith } from 'rxjs'
import { byId, setText } from '../dom.ts'
import { countdown, stateWords } from '../words.ts'
import { drawMachine, label } from './drawing.ts'
import { activeLeaves, readMachine } from './machine-reader.ts'

/** The machine, drawn from its own definition, with the state that it is in. */
export function showChart(connection: Connection): void {
  const { actor } = connection
  let looked: string | null = null
  let active = activeLeaves(actor.getSnapshot().value)
  let last: { from: string; to: string; at: number } | null = null
  const caption = byId('chart-caption')
  const transition = byId('transition')

  const drawing = drawMachine(readMachine(actor.getSnapshot().machine), {
    words: (path) => stateWords[path] ?? 'A state that this page has no words for yet.',
    onLook(path) {
      looked = path
      describe(connection.getState())
    },
  })
  byId('chart').append(drawing.element)
  drawing.light(active)

  actor.subscribe((snapshot) => {
    const before = active
    active = activeLeaves(snapshot.value)
    const from = before.find((path) => !active.includes(path))
    const to = active.find((path) => !before.includes(path))
    if (!from || !to) return
    last = { from, to, at: Date.now() }
    drawing.light(active)
    drawing.travel(from, to)
  })

  combineLatest([connection.state$, interval(500).pipe(startWith(0))]).subscribe(([state]) => {
    describe(state)
    setText(transition, last ? `${label(last.from)} → ${label(last.to)}, ${ago(last.at)}` : '')
  })

  function describe({ retryAt }: ConnectionState): void {
    const path = looked ?? active[0] ?? ''
    const next =
      retryAt !== null && active.includes(path) ? ` The next try comes ${countdown(retryAt, Date.now())}.` : ''
    setText(caption, `${label(path)}: ${stateWords[path] ?? 'a state that this page has no words for yet.'}${next}`)
  }
}

function ago(at: number): string {
  const seconds = Math.round((Date.now() - at) / 1000)
  if (seconds < 2) return 'just now'
  return seconds < 100 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`
}
