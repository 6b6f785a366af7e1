import * as Y from 'yjs'

/** Binds a field to a text of Yjs: each writes into the other, and the caret stays with its words. Undo takes back one's own alone. */
export function bindText(area: HTMLTextAreaElement, text: Y.Text): void {
  const undo = new Y.UndoManager(text, { trackedOrigins: new Set([area]) })

  area.addEventListener('input', () => {
    const { at, removed, inserted } = changeBetween(text.toString(), area.value, area.selectionEnd)
    text.doc?.transact(() => {
      text.delete(at, removed)
      text.insert(at, inserted)
    }, area)
  })
  area.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return
    // The browser's own would take back what others wrote.
    event.preventDefault()
    if (event.shiftKey) undo.redo()
    else undo.undo()
  })
  text.observe(({ delta, transaction }) => {
    if (transaction.origin === area) return
    const { selectionStart, selectionEnd, selectionDirection } = area
    area.value = text.toString()
    area.setSelectionRange(moved(selectionStart, delta), moved(selectionEnd, delta), selectionDirection)
  })
}

interface Change {
  readonly at: number
  readonly removed: number
  readonly inserted: string
}

/** The one change that makes `now` of `before`. @param caret behind it: of equal letters the one that was typed is meant */
export function changeBetween(before: string, now: string, caret: number): Change {
  const shorter = Math.min(before.length, now.length)
  let end = 0
  while (end < Math.min(shorter, now.length - caret) && before.at(-1 - end) === now.at(-1 - end)) end++
  let at = 0
  while (at < shorter - end && before[at] === now[at]) at++
  // Half of an emoji is no text: Yjs would replace it.
  if (isHigh(now.charCodeAt(at - 1)) || isHigh(before.charCodeAt(at - 1))) at--
  if (isLow(now.charCodeAt(now.length - end)) || isLow(before.charCodeAt(before.length - end))) end--
  return { at, removed: before.length - end - at, inserted: now.slice(at, now.length - end) }
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000

type Delta = Y.YTextEvent['delta']

/** Where a caret is after the change. What is written right at it comes behind it. */
function moved(caret: number, delta: Delta): number {
  let at = 0
  let to = caret
  for (const { retain = 0, insert = '', delete: removed = 0 } of delta) {
    const { length } = insert as string
    if (at < to) to += length - Math.min(removed, to - at)
    at += retain + length
  }
  return to
}
