import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 60_000)

afterAll(() => stage?.close())

test('two talk through every switch of transport: both see the same, and each line once', {
  timeout: 60_000,
}, async () => {
  const visitors = await Promise.all([stage.visit('Ada', 'chat'), stage.visit('Bob', 'chat')])
  const said: string[] = []
  await throughSwitches(visitors, async (visitor, moment) => {
    const text = `${visitor.name}: ${moment}`
    said.push(text)
    await say(visitor, text)
  })
  for (const { pane } of visitors) {
    await pane.locator('.pending').first().waitFor({ state: 'detached' })
    await expect.poll(() => pane.locator('.entry').count()).toBe(said.length)
  }
  const [ada, bob] = await Promise.all(visitors.map(lines))
  expect(ada).toEqual(bob)
  expect([...(ada ?? [])].sort()).toEqual(said.map((text) => `${text.split(':')[0]} ${text}`).sort())
  expect(visitors.flatMap(({ errors }) => errors)).toEqual([])
})

async function say({ pane }: Visitor, text: string): Promise<void> {
  await pane.getByLabel('Message', { exact: true }).fill(text)
  await pane.getByRole('button', { name: 'Send', exact: true }).click()
}

function lines({ pane }: Visitor): Promise<string[]> {
  return pane.locator('.entry .text').allInnerTexts()
}
