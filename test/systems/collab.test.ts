import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeBetween } from '../../playground/src/systems/text.ts'
import { seeded } from '../support/seeded.ts'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'
import { caretOf, document, putCaret, textOf, write } from './writing.ts'

describe('a document', { timeout: 60_000 }, () => {
  let stage: Stage
  let ada: Visitor
  let bob: Visitor

  beforeAll(async () => {
    stage = await openStage()
    ;[ada, bob] = await Promise.all([stage.visit('Ada', 'collab'), stage.visit('Bob', 'collab')])
  }, 60_000)

  afterAll(() => stage?.close())

  test('becomes the same for two who write and delete through every switch of transport, and nobody’s caret jumps', async () => {
    await write(ada, 'Ada \nBob ')
    await putCaret(ada, 4)
    await expect.poll(() => textOf(bob)).toBe('Ada \nBob ')
    await putCaret(bob, 9)
    const written: Record<string, string> = { Ada: 'Ada ', Bob: 'Bob ' }
    await throughSwitches([ada, bob], async (visitor, moment) => {
      written[visitor.name] += `${moment}. `
      await write(visitor, `${moment}x<. `)
    })
    for (const each of [ada, bob]) await expect.poll(() => textOf(each)).toBe(`${written.Ada}\n${written.Bob}`)
    expect(await caretOf(ada)).toBe(written.Ada?.length)
    expect(await caretOf(bob)).toBe(`${written.Ada}\n${written.Bob}`.length)
  })

  test('shows where the other writes, and the place moves with the words', async () => {
    await document(bob).focus()
    await putCaret(bob, 30)
    await expect.poll(() => caretShownTo(ada, 'Bob')).toBe(30)
    await putCaret(ada, 0)
    await write(ada, '>>')
    expect(await caretShownTo(ada, 'Bob')).toBe(32)
  })

  test('keeps what the hub does not take, says so, and sends it again when there is room', async () => {
    const before = await textOf(ada)
    await expect.poll(() => textOf(bob)).toBe(before)
    await replace(ada, 0, 0, 'x'.repeat(20_001))
    await expect.poll(async () => (await textOf(bob)).length).toBe(before.length + 20_001)
    await write(ada, 'kept ')
    const again = ada.pane.getByRole('button', { name: /the document is full.+Send again/ })
    await again.waitFor()
    await replace(bob, 0, 20_001, '')
    await expect.poll(() => textOf(ada)).toBe(`kept ${before}`)
    await write(ada, 'it ')
    for (const each of [ada, bob]) await expect.poll(() => textOf(each)).toBe(`kept it ${before}`)
    await again.waitFor({ state: 'hidden' })
  })

  test('takes what was written in a tunnel, once, and after a gap from its snapshot', async () => {
    const before = await textOf(ada)
    await expect.poll(() => textOf(bob)).toBe(before)
    const gaps = await gapsOf(ada)
    await block(ada, true)
    await ada.page.getByRole('button', { name: 'Cut now' }).click()
    await putCaret(ada, 0)
    await write(ada, 'from the tunnel, ')
    await putCaret(bob, before.length)
    // More than the history of the topic holds.
    await document(bob).evaluate((element) => {
      const area = element as HTMLTextAreaElement
      for (let i = 0; i < 250; i++) {
        area.setRangeText(`${i % 10}`, area.value.length, area.value.length, 'end')
        area.dispatchEvent(new Event('input'))
      }
    })
    await expect.poll(() => bob.page.evaluate('connection.getState().pending')).toBe(0)
    await block(ada, false)
    const after = `from the tunnel, ${before}${'0123456789'.repeat(25)}`
    for (const each of [ada, bob]) await expect.poll(() => textOf(each)).toBe(after)
    expect(await gaps()).toEqual([{ reason: 'trimmed', snapshot: true }])
    expect([...ada.errors, ...bob.errors]).toEqual([])
  })
})

test('the change between two texts is the one that was made, and cuts no emoji in half', () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  const random = seeded(seed)
  const pick = (count: number) => Math.floor(random() * count)
  const draw = (most: number) =>
    Array.from({ length: pick(most) }, () => ['a', 'b', '\n', '😀', '😁'][pick(5)]).join('')
  for (let run = 0; run < 3_000; run++) {
    const [head, gone, come, tail] = [draw(6), draw(4), draw(4), draw(6)]
    const [before, now] = [head + gone + tail, head + come + tail]
    const { at, removed, inserted } = changeBetween(before, now, head.length + come.length)
    const parts = [before.slice(0, at), inserted, before.slice(at + removed)]
    expect({ seed, run, now: parts.join('') }).toEqual({ seed, run, now })
    expect({ seed, run, halves: parts.filter((part) => /\p{Surrogate}/u.test(part)) }).toEqual({
      seed,
      run,
      halves: [],
    })
    // Typing among equal letters is meant where the caret is.
    if (gone === '' && !/[😀😁]/u.test(before + now)) expect(at + inserted.length).toBe(head.length + come.length)
  }
})

/** Writes into the field as a paste does. */
const replace = (visitor: Visitor, from: number, to: number, text: string): Promise<void> =>
  document(visitor).evaluate(
    (element, [start, end, now]) => {
      ;(element as HTMLTextAreaElement).setRangeText(now, start, end, 'end')
      element.dispatchEvent(new Event('input'))
    },
    [from, to, text] as const,
  )

/** How much text stands before the caret of that name; -1 where none is shown. */
function caretShownTo({ pane }: Visitor, name: string): Promise<number> {
  return pane.locator('.copy').evaluate((copy, whose) => {
    const nodes = [...copy.childNodes]
    const at = nodes.findIndex((node) => (node as HTMLElement).dataset?.name === whose)
    return at < 0 ? -1 : nodes.slice(0, at).reduce((sum, node) => sum + (node.textContent ?? '').length, 0)
  }, name)
}

/** The gaps of the document that its page is told of from now on. */
async function gapsOf({ page }: Visitor): Promise<() => Promise<unknown>> {
  await page.evaluate(`window.gaps = []; connection.topic('doc:notes').events$.subscribe((event) => {
    if (event.type === 'gap') gaps.push({ reason: event.reason, snapshot: event.snapshot })
  })`)
  return () => page.evaluate('gaps')
}

async function block({ page }: Visitor, on: boolean): Promise<void> {
  const isSet = page.waitForResponse((response) => response.request().method() === 'PATCH')
  await page.getByLabel('Block everything').setChecked(on)
  await isSet
}
