/**
 * A position in a topic's log, after the entry with this offset: `<epoch>.<offset>`. Offset 0 is before the first entry.
 * The same string is a `from`, an SSE `id:` and a receipt's cursor.
 */
export type Cursor = string

export interface Position {
  readonly epoch: string
  readonly offset: number
}

// An epoch that begins like `last-3` would make a cursor that reads as another start.
const pattern = /^(?!last-)[A-Za-z0-9_-]{1,32}\.(?:0|[1-9][0-9]{0,15})$/

export const formatCursor = (epoch: string, offset: number): Cursor => `${epoch}.${offset}`

/** The parts of a cursor, or null if the text is none. */
export function parseCursor(text: string): Position | null {
  if (!pattern.test(text)) return null
  const dot = text.indexOf('.')
  const offset = Number(text.slice(dot + 1))
  return Number.isSafeInteger(offset) ? { epoch: text.slice(0, dot), offset } : null
}

/** Where a subscription starts, on the wire. */
export type WireFrom = 'live' | 'start' | 'snapshot' | `last-${number}` | Cursor

const wordPattern = /^(live|start|snapshot|last-([1-9][0-9]{0,8}))$/

export type Start =
  | { at: 'live' | 'start' | 'snapshot' }
  | { at: 'last'; count: number }
  | ({ at: 'cursor' } & Position)

/** Whether this is a `from`. */
export const isFrom = (text: string): boolean => wordPattern.test(text) || parseCursor(text) !== null

/** Reads a `from`, or null if it is none. */
export function parseFrom(text: string): Start | null {
  const [, word, count] = wordPattern.exec(text) ?? []
  if (word) return count ? { at: 'last', count: Number(count) } : { at: word as 'live' | 'start' | 'snapshot' }
  const position = parseCursor(text)
  return position && { at: 'cursor', ...position }
}
