import type { Connection } from '@holdfast/client'
import { topicStore } from '@holdfast/store'
import { h } from '../dom.ts'
import { createPlot, type Sample } from '../plot.ts'
import { type Gauge, gauges } from './gauges.ts'
import { metrics } from './topics.ts'
import { showFreshness, watchData } from './view.ts'

/** The gauges that are chosen are subscribed to and drawn, and no others. */
export function showMetrics(connection: Connection, root: HTMLElement): void {
  const plots = h('div', { class: 'plots' })
  const choices = gauges.map((gauge) => {
    const box = h('input', { type: 'checkbox', checked: true })
    let drop = follow(connection, gauge, plots)
    box.addEventListener('change', () => {
      if (box.checked) drop = follow(connection, gauge, plots)
      else drop()
    })
    return h('label', {}, box, gauge.title)
  })
  root.append(h('div', { class: 'choices', role: 'group', 'aria-label': 'What is plotted' }, ...choices), plots)
}

/** Draws a gauge as its samples come, the last minute of them at once. Answers what ends it. */
function follow(connection: Connection, gauge: Gauge, plots: HTMLElement): () => void {
  const plot = createPlot(gauge)
  const store = topicStore(connection.topic(metrics({ gauge: gauge.id }), { from: { last: 240 } }), {
    initial: [] as readonly Sample[],
    messages: (samples, _, events) =>
      [...samples, ...events.map(({ time, data }) => [time, data] as const)].slice(-250),
    gap: (samples) => [...samples, 'gap' as const],
  })
  plots.append(plot.element)
  showFreshness(plot.element, store)
  watchData(store, plot.draw)
  return () => {
    store.stop()
    plot.remove()
  }
}
