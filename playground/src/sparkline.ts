import { setAttributes, svg } from './dom.ts'

export interface Sparkline {
  readonly element: SVGElement
  add(value: number): void
}

const size = { width: 96, height: 20, points: 32 }

/** The last few values, without axes. @param options `fromZero`: whether zero is at the bottom, or the least of them */
export function createSparkline(label: string, { fromZero = true } = {}): Sparkline {
  const values: number[] = []
  const line = svg('polyline', { class: 'spark-line' })
  const dot = svg('circle', { r: 2, class: 'spark-dot', visibility: 'hidden' })
  const viewBox = `0 0 ${size.width} ${size.height}`
  const element = svg('svg', { class: 'spark', viewBox, role: 'img', 'aria-label': label }, line, dot)

  function add(value: number): void {
    values.push(value)
    if (values.length > size.points) values.shift()
    const bottom = fromZero ? 0 : Math.min(...values)
    const height = Math.max(...values) - bottom || 1
    const points = values.map((each, index) => {
      const x = size.width - 3 - ((values.length - 1 - index) * (size.width - 6)) / (size.points - 1)
      return [x, size.height - 3 - ((each - bottom) / height) * (size.height - 6)] as const
    })
    line.setAttribute('points', points.map((point) => point.join(',')).join(' '))
    const last = points.at(-1)
    if (last) setAttributes(dot, { cx: last[0], cy: last[1], visibility: 'visible' })
  }

  return { element, add }
}
