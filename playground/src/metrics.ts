import type { Connection } from '@holdfast/client'
import { auditTime, filter, fromEvent, merge } from 'rxjs'
import type { Metrics } from '../server/topics.ts'
import { byId } from './dom.ts'
import { createPlot, type Plot, type PlotOptions } from './plot.ts'

const megabyte = 1024 * 1024

const plots: readonly (PlotOptions & { read: (metrics: Metrics) => number[] })[] = [
  {
    title: 'CPU',
    unit: '%',
    atLeast: 20,
    series: [{ name: 'of one core', color: 'series-1' }],
    read: ({ cpuPercent }) => [cpuPercent],
  },
  {
    title: 'Memory',
    unit: 'MB',
    atLeast: 50,
    series: [
      { name: 'RSS', color: 'series-2' },
      { name: 'heap', color: 'series-3' },
    ],
    read: ({ rssBytes, heapBytes }) => [Math.round(rssBytes / megabyte), Math.round(heapBytes / megabyte)],
  },
  {
    title: 'Event-loop delay',
    unit: 'ms',
    atLeast: 5,
    series: [
      { name: 'max', color: 'series-4' },
      { name: 'mean', color: 'series-1' },
    ],
    read: ({ loopDelayMs, loopDelayMaxMs }) => [loopDelayMaxMs, loopDelayMs],
  },
  {
    title: 'Traffic',
    unit: '',
    atLeast: 30,
    series: [
      { name: 'messages/s', color: 'series-2' },
      { name: 'sessions', color: 'series-4' },
    ],
    read: ({ messagesPerSecond, sessions }) => [Math.round(messagesPerSecond), sessions],
  },
]

/** The server's own condition, as it comes in; what is missing is drawn as missing. */
export function showMetrics(connection: Connection): void {
  const drawn: { plot: Plot; read: (metrics: Metrics) => number[] }[] = plots.map(({ read, ...options }) => {
    const plot = createPlot(options)
    byId('plots').append(plot.element)
    return { plot, read }
  })
  const events$ = connection.topic<Metrics>('metrics', { from: { last: 240 } }).events$

  events$.subscribe((event) => {
    for (const { plot, read } of drawn) {
      if (event.type === 'gap') plot.gap()
      if (event.type === 'message') plot.add(event.time / 1000, read(event.data))
    }
  })
  // A history of 240 samples comes at once and is drawn once.
  const themed$ = fromEvent(matchMedia('(prefers-color-scheme: dark)'), 'change')
  merge(events$, themed$)
    .pipe(
      auditTime(30),
      filter(() => !document.hidden),
    )
    .subscribe(() => {
      for (const { plot } of drawn) plot.draw()
    })
}
