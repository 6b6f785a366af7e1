import { auditTime, filter, fromEvent, map, type Observable } from 'rxjs'
import * as Y from 'yjs'
import { h } from '../dom.ts'
import { bindText } from './text.ts'

/** Where somebody writes: a place that moves with the words around it. */
export interface Writer {
  readonly name: string
  /** A relative position of Yjs, as JSON text. */
  readonly at: string
}

export interface Paper {
  readonly element: HTMLElement
  /** Where one's own caret is, whenever it has moved. */
  readonly place$: Observable<string>
  /** Shows where the others write. */
  show(writers: readonly Writer[]): void
}

/** A field for a text of Yjs, and everybody's caret in it. */
export function createPaper(text: Y.Text, maxlength: number): Paper {
  const area = h('textarea', { 'aria-label': 'Document', placeholder: 'Write here', maxlength, spellcheck: false })
  // A field does not say where its letters are: a copy of its text lies under it, and the carets are in the copy.
  const copy = h('div', { class: 'copy', 'aria-hidden': 'true' })
  let writers: readonly Writer[] = []
  bindText(area, text)
  text.observe(draw)

  function draw(): void {
    const all = text.toString()
    const carets = writers
      .map(({ name, at }) => ({ name, index: indexOf(text, at) }))
      .sort((one, other) => one.index - other.index)
      .filter(({ index }) => index >= 0)
    const parts = carets.map(({ name, index }, i) => [all.slice(carets[i - 1]?.index, index), drawCaret(name)])
    copy.replaceChildren(...parts.flat(), `${all.slice(carets.at(-1)?.index)}\u200b`)
  }

  return {
    element: h('div', { class: 'paper' }, copy, area),
    place$: fromEvent(document, 'selectionchange').pipe(
      auditTime(50),
      filter(() => document.activeElement === area),
      map(() => JSON.stringify(Y.createRelativePositionFromTypeIndex(text, area.selectionEnd, -1))),
    ),
    show(now) {
      writers = now
      draw()
    },
  }
}

const drawCaret = (name: string): HTMLElement =>
  h('i', { class: 'caret', 'data-name': name, style: `--hue: ${hueOf(name)}` })

/** Who is here, each in their own colour. */
export const drawPeople = (names: readonly string[]): HTMLElement[] =>
  [...new Set(names)].map((name) => h('li', { style: `--hue: ${hueOf(name)}` }, name))

/** The colour of a person, the same wherever they are shown. */
export const hueOf = (name: string): number => [...name].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 360, 7)

/** Where the place is now; -1 where the text has none such, or not yet. */
function indexOf({ doc }: Y.Text, place: string): number {
  try {
    const position = Y.createRelativePositionFromJSON(JSON.parse(place))
    return Y.createAbsolutePositionFromRelativePosition(position, doc as Y.Doc)?.index ?? -1
  } catch {
    // Somebody else's program may say anything.
    return -1
  }
}
