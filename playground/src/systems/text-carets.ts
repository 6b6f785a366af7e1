import * as Y from 'yjs'
import { h } from '../dom.ts'

/** A place in a text that moves with its words, as JSON. */
export type Place = unknown

export interface CaretOf {
  readonly name: string
  readonly at: Place
}

/** Right behind the letter that stands before the caret now. */
export const placeOf = (text: Y.Text, index: number): Place =>
  Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index, -1))

/** Null where the text has no such place, or not yet. */
export function indexOf({ doc }: Y.Text, place: Place): number | null {
  try {
    const position = Y.createRelativePositionFromJSON(place)
    return doc ? (Y.createAbsolutePositionFromRelativePosition(position, doc)?.index ?? null) : null
  } catch {
    // Somebody else's program may have sent anything.
    return null
  }
}

/** A copy of the text, to lie invisible under its field, with everybody's caret in it: a field says nowhere where its letters are. */
export function drawCarets(layer: HTMLElement, text: Y.Text, carets: readonly CaretOf[]): void {
  const all = text.toString()
  const placed = carets
    .map(({ name, at }) => ({ name, index: indexOf(text, at) }))
    .filter((caret): caret is { name: string; index: number } => caret.index !== null)
    .sort((a, b) => a.index - b.index)
  let from = 0
  const parts: (Node | string)[] = []
  for (const { name, index } of placed) {
    parts.push(all.slice(from, index), h('i', { class: 'caret', 'data-name': name, style: `--hue: ${hueOf(name)}` }))
    from = index
  }
  // A last line that is empty has a height with something in it only.
  layer.replaceChildren(...parts, `${all.slice(from)}\u200b`)
}

/** The colour of a person, the same wherever they are shown. */
export const hueOf = (name: string): number => [...name].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 360, 7)
