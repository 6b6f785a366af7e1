import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 60_000)

afterAll(() => stage?.close())

test('what two tell each other through every switch comes once, and stays unread over a reload', {
  timeout: 60_000,
}, async () => {
  const visitors = await Promise.all([stage.visit('Ada', 'notifications'), stage.visit('Bob', 'notifications')])
  const [ada, bob] = visitors as [Visitor, Visitor]
  await ada.pane.getByLabel('To', { exact: true }).fill('Bob')
  await bob.pane.getByLabel('To', { exact: true }).fill('Ada')
  const told: Record<string, string[]> = { Ada: [], Bob: [] }
  await throughSwitches(visitors, async (visitor, moment) => {
    told[visitor.name]?.push(moment)
    await visitor.pane.getByLabel('Notice').fill(moment)
    await visitor.pane.getByRole('button', { name: 'Send', exact: true }).click()
  })

  await hasUnread(ada, told.Bob)
  await hasUnread(bob, told.Ada)

  await bob.page.reload()
  await hasUnread(bob, told.Ada)

  await bob.pane.getByRole('button', { name: 'Mark all as read' }).click()
  await hasUnread(bob, [])
  await bob.page.reload()
  await bob.pane.locator('.entry').first().waitFor()
  await hasUnread(bob, [])
  expect(await bob.pane.locator('.entry').count()).toBe(told.Ada?.length)

  // One's own are nobody else's: what the hub refuses is no topic, and no name can be borrowed.
  expect(await ada.page.evaluate(readNotesOf, 'Bob')).toBe('forbidden')
  expect(visitors.flatMap(({ errors }) => errors)).toEqual([])
})

/** Newest first, as the list has them; each once. */
async function hasUnread({ pane }: Visitor, moments: readonly string[] = []): Promise<void> {
  await pane.getByText(moments.length === 0 ? 'Nothing is unread' : `${moments.length} unread`).waitFor()
  const texts = await pane.locator('.entry.unread .text').allInnerTexts()
  expect(texts.map((text) => text.replace(/^(Ada|Bob) /, '')).reverse()).toEqual(moments)
}

/** Runs in the page. */
function readNotesOf(user: string): Promise<string> {
  const { connection } = window as unknown as {
    connection: { topic(name: string): { subscribe(observer: { error(error: { code: string }): void }): void } }
  }
  return new Promise((resolve) => {
    connection.topic(`notes:${user}`).subscribe({ error: ({ code }) => resolve(code) })
  })
}
