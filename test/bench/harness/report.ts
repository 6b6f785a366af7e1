import type { Samples } from './interleave.ts'
import { type Summary, summarize } from './stats.ts'
import { formatTable } from './table.ts'

/** A figure that is shown of each row that has it. */
export interface Column {
  readonly figure: string
  readonly head: string
  /** Behind the point. */
  readonly digits: number
}

/** What a row's figure may be: as a ratio to another row, of the same rounds, or by itself. */
export interface Goal {
  readonly row: string
  readonly figure: string
  readonly to?: string
  readonly atMost?: number
  readonly atLeast?: number
}

export interface ReportedRow {
  readonly row: string
  readonly figures: Readonly<Record<string, Summary & { readonly ratio?: Summary }>>
}

/** A table of medians, the spread of the middle half behind each, and ratios to the yardstick that `yardstick` names for a row. */
export function report(
  samples: ReadonlyMap<string, Samples>,
  columns: readonly Column[],
  goals: readonly Goal[],
  yardstick: (row: string) => string | null = () => null,
): { text: string; rows: readonly ReportedRow[]; missed: readonly string[] } {
  const valuesOf = (row: string, figure: string) => samples.get(row)?.figures.get(figure) ?? []
  const ratio = (row: string, to: string, figure: string) => ratioOf(valuesOf(row, figure), valuesOf(to, figure))

  const rows = [...samples.keys()].map((row) => {
    const to = yardstick(row)
    const figures = columns
      .filter(({ figure }) => valuesOf(row, figure).length > 0)
      .map(({ figure, digits }) => {
        const summary = summarize(valuesOf(row, figure), digits)
        return [figure, to === null ? summary : { ...summary, ratio: ratio(row, to, figure) }] as const
      })
    return { row, figures: Object.fromEntries(figures) } satisfies ReportedRow
  })

  const judged = goals.map(({ row, figure, to, atMost = Number.POSITIVE_INFINITY, atLeast = 0 }) => {
    const { median } = to === undefined ? summarize(valuesOf(row, figure), 3) : ratio(row, to, figure)
    const met = median <= atMost && median >= atLeast
    const wanted = atLeast > 0 ? `>= ${atLeast}` : `<= ${atMost}`
    const text = `${row}: ${figure} ${median}${to === undefined ? '' : ` x ${to}`} (goal ${wanted})`
    return { met, text }
  })
  const failed = [...samples].flatMap(([row, { failures }]) => failures.map((failure) => `${row}: ${failure}`))
  const shown = (row: ReportedRow, figure: string) => row.figures[figure]
  // A ratio where any row has one.
  const compared = new Set(columns.filter(({ figure }) => rows.some((row: ReportedRow) => shown(row, figure)?.ratio)))
  const cells = rows.map((row: ReportedRow) => [
    row.row,
    ...columns.flatMap((column) => {
      const one = shown(row, column.figure)
      const ratioCell = one?.ratio?.median.toFixed(2) ?? ''
      return [`${one?.median ?? ''}`, `${one?.spread ?? ''}`, ...(compared.has(column) ? [ratioCell] : [])]
    }),
  ])
  const head = ['', ...columns.flatMap((column) => [column.head, '+-', ...(compared.has(column) ? ['x'] : [])])]
  const lines = judged.map(({ met, text }) => `${met ? 'met   ' : 'missed'} ${text}`)
  const missed = [...judged.filter(({ met }) => !met).map(({ text }) => text), ...failed]
  return {
    text: [formatTable(head, cells), lines.join('\n'), failed.join('\n')].filter(Boolean).join('\n\n'),
    rows,
    missed,
  }
}

/** The median of the ratios round by round, so that what slowed a whole round down does not count. */
export function ratioOf(values: readonly number[], yardsticks: readonly number[]): Summary {
  return summarize(
    values.map((value, round) => value / (yardsticks[round] ?? Number.NaN)).filter((value) => !Number.isNaN(value)),
    3,
  )
}
