import type { PlotOptions } from '../plot.ts'

export interface Gauge extends PlotOptions {
  readonly id: string
}

/** What the server measures of itself, and how that is drawn. */
export const gauges: readonly Gauge[] = [
  { id: 'cpu', title: 'CPU', unit: '%', atLeast: 20, series: [{ name: 'of one core', color: 'series-1' }] },
  {
    id: 'memory',
    title: 'Memory',
    unit: 'MB',
    atLeast: 50,
    series: [
      { name: 'RSS', color: 'series-2' },
      { name: 'heap', color: 'series-3' },
    ],
  },
  {
    id: 'loop',
    title: 'Event-loop delay',
    unit: 'ms',
    atLeast: 5,
    series: [
      { name: 'max', color: 'series-4' },
      { name: 'mean', color: 'series-1' },
    ],
  },
  {
    id: 'sessions',
    title: 'Sessions',
    unit: '',
    atLeast: 4,
    series: [
      { name: 'WebSocket', color: 'carrier-websocket' },
      { name: 'SSE', color: 'carrier-sse' },
      { name: 'polling', color: 'carrier-poll' },
    ],
  },
]
