import uPlot from 'uplot'
import { color, h, setText } from './dom.ts'

export interface PlotOptions {
  readonly title: string
  readonly unit: string
  /** The scale's upper end is at least this, so that noise does not look like drama. */
  readonly atLeast: number
  readonly series: readonly { readonly name: string; readonly color: string }[]
}

/** The time in ms and the values then; or that what lies between the one before and the next will not come. */
export type Sample = readonly [time: number, values: readonly number[]] | 'gap'

export interface Plot {
  readonly element: HTMLElement
  draw(samples: readonly Sample[]): void
  remove(): void
}

interface Table {
  /** In seconds. */
  readonly times: number[]
  readonly columns: (number | null)[][]
  readonly gaps: { readonly from: number; readonly to: number }[]
}

const windowSeconds = 60
// No scale is so short that it would need parts of one, and there is no half a session.
const steps = [1, 10, 100, 1000, 10_000].flatMap((unit) => [unit, 2 * unit, 5 * unit])

export function createPlot({ title, unit, atLeast, series }: PlotOptions): Plot {
  let table = tabulate([], series.length)
  const values = series.map(() => h('b', {}, '–'))
  const legend = series.map(({ name, color }, index) =>
    h('li', {}, h('i', { class: 'swatch', style: `background: var(--${color})` }), values[index] as Node, ` ${name}`),
  )
  const area = h('div', { class: 'plot-area' })
  const element = h('figure', { class: 'plot' }, h('figcaption', {}, title), h('ul', {}, ...legend), area)
  const chart = new uPlot(chartOptions(), dataOf(table), area)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const resized = new ResizeObserver(() => {
    if (area.clientWidth > 0) chart.setSize({ width: area.clientWidth, height: area.clientHeight })
  })
  resized.observe(area)
  dark.addEventListener('change', repaint)

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
          incrs: steps,
          space: 20,
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
    for (const { from, to } of table.gaps) {
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
    const at = cursor.idx ?? table.times.length - 1
    for (const [index, value] of values.entries()) {
      const shown = table.columns[index]?.[at]
      setText(
        value,
        typeof shown === 'number' ? `${shown < 100 ? shown : Math.round(shown)}${unit && ` ${unit}`}` : '–',
      )
    }
  }

  function repaint(): void {
    chart.setData(dataOf(table))
    showValues(chart)
  }

  return {
    element,
    draw(samples) {
      table = tabulate(samples, series.length)
      // One that is put away is painted when it is seen again.
      if (area.clientWidth > 0) repaint()
    },
    remove() {
      dark.removeEventListener('change', repaint)
      resized.disconnect()
      chart.destroy()
      element.remove()
    },
  }
}

function tabulate(samples: readonly Sample[], width: number): Table {
  const table: Table = { times: [], columns: Array.from({ length: width }, () => []), gaps: [] }
  let isGap = false
  for (const sample of samples) {
    if (sample === 'gap') {
      isGap = table.times.length > 0
      continue
    }
    const [time, values] = [sample[0] / 1000, sample[1]]
    if (isGap) {
      const from = table.times.at(-1) as number
      table.gaps.push({ from, to: time })
      addRow((from + time) / 2, [])
      isGap = false
    }
    addRow(time, values)
  }
  return table

  function addRow(time: number, values: readonly number[]): void {
    table.times.push(time)
    for (const [index, column] of table.columns.entries()) column.push(values[index] ?? null)
  }
}

function dataOf({ times, columns }: Table): uPlot.AlignedData {
  return [times, ...columns] as uPlot.AlignedData
}
