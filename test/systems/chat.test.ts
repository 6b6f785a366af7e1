import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 60_000)

afterAll(() => stage?.close())

test('two talk through every switch: both see the same, each line once, and who is there', {
  timeout: 60_000,
}, async () => {
  const visitors = await Promise.all([stage.visit('Ada', 'chat'), stage.visit('Bob', 'chat')])
  const [ada, bob] = visitors as [Visitor, Visitor]
  for (const { pane } of visitors) await pane.getByText(/^Here: (Ada, Bob|Bob, Ada)$/).waitFor()
  await ada.page.evaluate(watchPeople)

  const said: string[] = []
  await throughSwitches(visitors, async (visitor, moment) => {
    said.push(`${visitor.name} ${moment}`)
    await visitor.pane.getByLabel('Message', { exact: true }).fill(moment)
    await visitor.pane.getByRole('button', { name: 'Send', exact: true }).click()
  })
  for (const { pane } of visitors)
    await expect.poll(() => pane.locator('.entry:not(.pending)').count()).toBe(said.length)
  const lines = await lineTexts(ada)
  expect(await lineTexts(bob)).toEqual(lines)
  expect([...lines].sort()).toEqual([...said].sort())
  expect(await ada.pane.getByText('sent ✓').count()).toBe(said.length / 2)

  // A transport that goes takes nobody along; one who says goodbye is gone at once.
  expect(await ada.page.evaluate('window.people')).toEqual([])
  await bob.page.evaluate('connection.close()')
  await ada.pane.getByText('Here: Ada', { exact: true }).waitFor()
  expect(visitors.flatMap(({ errors }) => errors)).toEqual([])
})

test('what nobody knows to have arrived stays in sight, with the reason', {
  timeout: 60_000,
}, async () => {
  const { pane, page } = await stage.visit('Eve', 'chat')
  await page.getByRole('switch', { name: 'Block everything' }).check()
  await pane.getByLabel('Message', { exact: true }).fill('from the tunnel')
  await pane.getByRole('button', { name: 'Send', exact: true }).click()
  await pane.locator('.entry.pending', { hasText: 'from the tunnel' }).waitFor()
  // The session is given up while nobody can know whether it arrived.
  await page.evaluate('connection.close()')
  const unsent = pane.locator('.unsent li', { hasText: 'from the tunnel' })
  await unsent.getByText('perhaps sent').waitFor()
  await unsent.getByRole('button', { name: 'Send again' }).waitFor()
  expect(await pane.locator('.entry', { hasText: 'from the tunnel' }).count()).toBe(0)
})

/** Runs in the page: notes what the list of those who are there ever became. */
function watchPeople(): void {
  const seen: string[] = []
  const people = document.querySelector('#pane-chat .people') as Element
  new MutationObserver(() => seen.push(people.textContent ?? '')).observe(people, {
    childList: true,
    characterData: true,
    subtree: true,
  })
  Object.assign(window, { people: seen })
}

function lineTexts({ pane }: Visitor): Promise<string[]> {
  return pane.locator('.entry .text').allInnerTexts()
}
