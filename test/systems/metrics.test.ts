import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 60_000)

afterAll(() => stage?.close())

test('what is chosen is what is sent, on every transport, and the same on both pages', {
  timeout: 60_000,
}, async () => {
  const visitors = await Promise.all([stage.visit('Ada', 'metrics'), stage.visit('Bob', 'metrics')])
  const [ada, bob] = visitors as [Visitor, Visitor]
  const frames: string[] = []
  ada.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))))
  await throughSwitches(visitors, async (visitor) => {
    await visitor.pane.getByLabel('Memory').click()
    await moves(plot(visitor, 'CPU'))
  })
  // Six clicks later it is on again, with the minute that was missed.
  for (const visitor of visitors) await plot(visitor, 'Memory').getByText(/\d MB/).first().waitFor()
  await expect
    .poll(async () => (await values(ada)) === (await values(bob)), { interval: 20, timeout: 10_000 })
    .toBe(true)
  expect(await ada.pane.locator('.plot').count()).toBe(4)

  await ada.pane.getByLabel('CPU').uncheck()
  await plot(ada, 'CPU').waitFor({ state: 'detached' })
  const sent = () => new Set(frames.splice(0).flatMap((frame) => frame.match(/"metrics:\w+"/g) ?? []))
  await expect
    .poll(sent, { interval: 700 })
    .toEqual(new Set(['"metrics:loop"', '"metrics:sessions"', '"metrics:memory"']))
  await moves(plot(bob, 'CPU'))
  await ada.pane.getByLabel('CPU').check()
  await moves(plot(ada, 'CPU'))
  expect(visitors.flatMap(({ errors }) => errors)).toEqual([])
})

function plot({ pane }: Visitor, title: string): Locator {
  return pane.locator('.plot', { has: pane.page().getByText(title, { exact: true }) })
}

async function moves(plot: Locator): Promise<void> {
  const value = plot.locator('b').first()
  const before = await value.innerText()
  await expect.poll(() => value.innerText(), { interval: 50, timeout: 10_000 }).not.toBe(before)
}

async function values({ pane }: Visitor): Promise<string> {
  const texts = await pane.locator('.plot ul').allInnerTexts()
  return texts.sort().join()
}
