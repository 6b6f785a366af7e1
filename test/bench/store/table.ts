import { connect } from '@holdfast/client'
import { topicStore } from '@holdfast/store'

/** A change of one row. */
export interface Change {
  readonly row: number
  /** Counts the changes of all rows. */
  readonly n: number
}

/** What the page has seen. */
export interface Seen {
  /** How many changes are in the state, and what the table shows. */
  readonly changes: number
  readonly cells: readonly string[]
  readonly notifications: number
  /** Frames with more than one notification. */
  readonly crowdedFrames: number
  readonly frames: number
}

interface Table {
  /** Of each row its newest change. */
  readonly rows: readonly number[]
  readonly changes: number
}

const rowCount = 1_000

/** A table in a scroller. A row that changes has no other laid out anew, and one out of sight is not laid out at all. */
const css = `
  table { display: block; height: 30em; overflow: auto }
  tr { display: grid; grid-template-columns: 6em 10em; height: 1.5em; contain: strict; content-visibility: auto }
`

/** The page's part: a table of 1,000 rows that a store keeps up to date. */
export function showTable(base: string): () => Seen {
  const initial: Table = { rows: new Array<number>(rowCount).fill(0), changes: 0 }
  const store = topicStore<Table, Change>(connect(base).topic<Change>('changes'), {
    initial,
    messages(table, batch) {
      const rows = [...table.rows]
      for (const { row, n } of batch) rows[row] = n
      return { rows, changes: table.changes + batch.length }
    },
  })
  document.head.appendChild(document.createElement('style')).textContent = css
  const body = document.body.appendChild(document.createElement('table')).createTBody()
  const cells = initial.rows.map((n, row) => {
    const line = body.insertRow()
    line.insertCell().textContent = `${row}`
    return line.insertCell().appendChild(document.createTextNode(`${n}`))
  })
  let shown = initial.rows
  let notifications = 0
  let crowdedFrames = 0
  let frames = 0
  let lastFrame: CSSNumberish | null = null
  const rows = store.select(({ data }) => data.rows)

  rows.subscribe((next) => {
    notifications++
    // The same for all that runs in one frame.
    const { currentTime } = document.timeline
    if (currentTime === lastFrame) crowdedFrames++
    lastFrame = currentTime
    next.forEach((n, row) => {
      const cell = cells[row]
      if (cell && n !== shown[row]) cell.data = `${n}`
    })
    shown = next
  })
  const count = () => {
    frames++
    requestAnimationFrame(count)
  }
  requestAnimationFrame(count)

  return () => ({
    changes: store.get().context.data.changes,
    cells: cells.map(({ data }) => data),
    notifications,
    crowdedFrames,
    frames,
  })
}
