import type { Visitor } from './harness.ts'

/** Types into a document where the caret is, a letter a frame, wherever the focus is meanwhile; `<` takes a letter back. */
export async function write(visitor: Visitor, text: string): Promise<void> {
  await document(visitor).evaluate(async (element, letters) => {
    const area = element as HTMLTextAreaElement
    for (const letter of letters) {
      await new Promise(requestAnimationFrame)
      const { selectionStart: at } = area
      if (letter === '<') area.setRangeText('', at - 1, at, 'end')
      else area.setRangeText(letter, at, at, 'end')
      area.dispatchEvent(new Event('input'))
    }
  }, text)
}

export const document = ({ pane }: Visitor) => pane.getByLabel('Document')

export const textOf = (visitor: Visitor): Promise<string> => document(visitor).inputValue()

export const caretOf = (visitor: Visitor): Promise<number> =>
  document(visitor).evaluate((area) => (area as HTMLTextAreaElement).selectionStart)

export const putCaret = (visitor: Visitor, at: number): Promise<void> =>
  document(visitor).evaluate((area, to) => (area as HTMLTextAreaElement).setSelectionRange(to, to), at)
