import uPlot from 'uplot'
import { color, h, setText } from './dom.ts'

export interface PlotOptions {
  readonly title: string
  readonly unit: string
  /** The scale's upper end is at least this, so that noise does not look like drama. */
  readonly atLeast: number
  readonly series: readonly { readonly name: string; readonly color: string }[]
}

export interface Plot {
  readonly element: HTMLElement
  add(time: number, values: readonly number[]): void
  /** What lies between the last sample and the next one will not come. */
  gap(): void
  draw(): void
}

const windowSeconds = 60

export function createPlot({ title, unit, atLeast, series }: PlotOptions): Plot {
  const times: number[] = []
  const columns: (number | null)[][] = series.map(() => [])
  const gaps: { from: number; to: number }[] = []
  let gapFrom: number | null = null

  const values = series.map(() => h('b', {}, '–'))
  const legend = series.map(({ name, color }, index) =>
    h('li', {}, h('i', { class: 'swatch', style: `background: var(--${color})` }), values[index] as Node, ` ${name}`),
  )
  const area = h('div', { class: 'plot-area' })
  const element = h('figure', { class: 'plot' }, h('figcaption', {}, title), h('ul', {}, ...legend), area)
  const chart = new uPlot(chartOptions(), [times, ...columns] as uPlot.AlignedData, area)
  new ResizeObserver(() => {
    if (area.clientWidth > 0) chart.setSize({ width: area.clientWidth, height: area.clientHeight })
  }).observe(area)

  function chartOptions(): uPlot.Options {
    const font = '10px system-ui, sans-serif'
    const axis: uPlot.Axis = { stroke: () => color('muted'), font, ticks: { show: false }, gap: 2 }
    return {
      width: 200,
      height: 80,
      padding: [6, 2, 6, 0],
      legend: { show: false },
      cursor: { sync: { key: 'metrics' }, drag: { x: false, y: false }, y: false, points: { size: 5 } },
      scales: {
        x: { time: false, range: (_, __, max) => [max - windowSeconds, max] },
        y: { range: (_, __, max) => [0, Math.max(atLeast, (max ?? 0) * 1.15)] },
      },
      axes: [
        { show: false },
        {
          ...axis,
          size: 30,
          space: 24,
          grid: { stroke: () => color('grid'), width: 1 },
        },
      ],
      series: [
        {},
        ...series.map(
          (each, index): uPlot.Series => ({
            stroke: () => color(each.color),
            width: 1.5,
            points: { show: false },
            ...(index === 0 && { fill: () => `color-mix(in oklab, ${color(each.color)} 12%, transparent)` }),
          }),
        ),
      ],
      hooks: { drawClear: [drawGaps], setCursor: [showValues] },
    }
  }

  function drawGaps({ ctx, bbox, valToPos }: uPlot): void {
    ctx.save()
    ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`
    ctx.textAlign = 'center'
    ctx.textBaseline = 'top'
    for (const { from, to } of gaps) {
      const left = Math.max(bbox.left, valToPos(from, 'x', true))
      const right = valToPos(to, 'x', true)
      if (right <= left) continue
      ctx.fillStyle = color('gap')
      ctx.fillRect(left, bbox.top, right - left, bbox.height)
      if (right - left < 28 * devicePixelRatio) continue
      ctx.fillStyle = color('muted')
      ctx.fillText('gap', (left + right) / 2, bbox.top + 4 * devicePixelRatio)
    }
    ctx.restore()
  }

  /** The values under the pointer, else the newest. */
  function showValues({ cursor }: Pick<uPlot, 'cursor'>): void {
    const at = cursor.idx ?? times.length - 1
    for (const [index, value] of values.entries()) {
      const shown = columns[index]?.[at]
      setText(value, shown === null || shown === undefined ? '–' : `${shown}${unit && ` ${unit}`}`)
    }
  }

  return {
    element,
    add(time, row) {
      if (gapFrom !== null) {
        gaps.push({ from: gapFrom, to: time })
        times.push((gapFrom + time) / 2)
        for (const column of columns) column.push(null)
        gapFrom = null
      }
      times.push(time)
      for (const [index, column] of columns.entries()) column.push(row[index] ?? null)
      const old = times.findIndex((each) => each >= time - windowSeconds - 1)
      times.splice(0, old)
      for (const column of columns) column.splice(0, old)
      while (gaps[0] && gaps[0].to < time - windowSeconds) gaps.shift()
    },
    gap() {
      gapFrom = times.at(-1) ?? null
    },
    draw() {
      chart.setData([times, ...columns] as uPlot.AlignedData)
      showValues(chart)
    },
  }
}
