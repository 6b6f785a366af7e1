import type { Connection } from '@holdfast/client'
import { auditTime, distinctUntilChanged, fromEvent, interval, map, merge, type Observable } from 'rxjs'
import { byId, color, h } from './dom.ts'
import { transportName } from './words.ts'

/** Which transport carried when, and under it what arrived in each second. */
export function showTimeline(connection: Connection, arrived$: Observable<void>): void {
  const spans: Span[] = []
  const perSecond = new Map<number, number>()
  const canvas = h('canvas', { role: 'img' })
  byId('timeline').append(canvas, legend())

  connection.state$
    .pipe(
      map(({ phase, transport }): Carrier => (phase === 'online' ? (transport as Carrier) : carrierOf(phase))),
      distinctUntilChanged(),
    )
    .subscribe((carrier) => {
      spans.push({ carrier, since: Date.now() })
      canvas.setAttribute('aria-label', describe(spans))
    })
  arrived$.subscribe(() => {
    const second = Math.floor(Date.now() / 1000)
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
  })

  const resized$ = fromEvent(window, 'resize')
  const themed$ = fromEvent(matchMedia('(prefers-color-scheme: dark)'), 'change')
  merge(connection.state$, interval(250), resized$, themed$).pipe(auditTime(50)).subscribe(draw)

  function draw(): void {
    const now = Date.now()
    while (spans[1] && spans[1].since < now - windowMs) spans.shift()
    for (const second of perSecond.keys()) if (second * 1000 < now - windowMs) perSecond.delete(second)
    paint(canvas, spans, perSecond, now)
  }
}

type Carrier = 'websocket' | 'sse' | 'poll' | 'searching' | 'none'

interface Span {
  readonly carrier: Carrier
  readonly since: number
}

const windowMs = 180_000
const stripHeight = 14
const carriers: Record<Carrier, string> = {
  websocket: 'WebSocket',
  sse: 'SSE',
  poll: 'Polling',
  searching: 'Searching',
  none: 'None',
}

function carrierOf(phase: string): Carrier {
  return phase === 'connecting' || phase === 'reconnecting' ? 'searching' : 'none'
}

function paint(canvas: HTMLCanvasElement, spans: Span[], perSecond: Map<number, number>, now: number): void {
  const { clientWidth: width, clientHeight: height } = canvas
  const context = canvas.getContext('2d')
  if (!context || width === 0) return
  canvas.width = width * devicePixelRatio
  canvas.height = height * devicePixelRatio
  context.scale(devicePixelRatio, devicePixelRatio)
  const x = (time: number) => width - ((now - time) / windowMs) * width

  context.fillStyle = color('track')
  context.fillRect(0, 0, width, stripHeight)
  for (const [index, { carrier, since }] of spans.entries()) {
    const left = Math.max(0, x(since))
    context.fillStyle = color(`carrier-${carrier}`)
    // A switch that took a few milliseconds shall be seen all the same.
    context.fillRect(left, 0, Math.max(2, x(spans[index + 1]?.since ?? now) - left), stripHeight)
  }

  const room = height - stripHeight - 4
  const top = Math.max(40, ...perSecond.values())
  context.fillStyle = color('bars')
  for (const [second, count] of perSecond) {
    // By the root, since what is caught up in one second after an outage would flatten all the rest.
    const bar = Math.max(1, Math.sqrt(count / top) * room)
    context.fillRect(x(second * 1000), height - bar, Math.max(1, (1000 / windowMs) * width - 1), bar)
  }
}

function legend(): HTMLElement {
  const items = Object.entries(carriers).map(([carrier, name]) =>
    h('li', {}, h('i', { class: 'swatch', style: `background: var(--carrier-${carrier})` }), name),
  )
  return h('ul', { class: 'legend' }, ...items, h('li', { class: 'axis' }, 'Last 3 minutes; bars: ticks a second'))
}

function describe(spans: Span[]): string {
  const names = spans.slice(-5).map(({ carrier }) => carriers[carrier] ?? transportName(carrier))
  return `What carried the stream, the latest last: ${names.join(', ')}`
}
