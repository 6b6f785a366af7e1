import { afterAll, beforeAll, expect, test } from 'vitest'
import { symbols } from '../../playground/src/systems/topics.ts'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 60_000)

afterAll(() => stage?.close())

test('prices go on through every switch, drawn once a frame; the news come to both, each once', {
  timeout: 60_000,
}, async () => {
  const visitors = await Promise.all([stage.visit('Ada', 'feed'), stage.visit('Bob', 'feed')])
  await throughSwitches(visitors, async (visitor) => {
    const before = await prices(visitor)
    await expect
      .poll(async () => countOfChanged(before, await prices(visitor)), { timeout: 10_000 })
      .toBe(symbols.length)
  })
  const [ada, bob] = visitors as [Visitor, Visitor]
  const { draws, frames } = await ada.page.evaluate(countDraws, 60)
  expect(draws).toBeGreaterThan(0)
  expect(draws).toBeLessThanOrEqual(frames)

  await expect.poll(() => ada.pane.locator('.entry').count()).toBeGreaterThan(1)
  await expect.poll(async () => (await headlines(ada)).join('\n') === (await headlines(bob)).join('\n')).toBe(true)
  expect(visitors.flatMap(({ errors }) => errors)).toEqual([])
})

function prices({ pane }: Visitor): Promise<string[]> {
  return pane.locator('.prices .value').allInnerTexts()
}

function countOfChanged(before: readonly string[], now: readonly string[]): number {
  return now.filter((price, index) => price !== before[index]).length
}

function headlines({ pane }: Visitor): Promise<string[]> {
  return pane.locator('.news .entry').allInnerTexts()
}

/** Runs in the page: how often a price was written in so many frames, and how many frames there were. */
function countDraws(most: number): Promise<{ draws: number; frames: number }> {
  const cell = document.querySelector('#pane-feed .prices .value') as Element
  return new Promise((resolve) => {
    let draws = 0
    let frames = 0
    const observer = new MutationObserver((records) => {
      draws += records.filter(({ type }) => type === 'childList').length
    })
    observer.observe(cell, { childList: true })
    requestAnimationFrame(function next() {
      frames += 1
      if (frames < most) requestAnimationFrame(next)
      else {
        observer.disconnect()
        resolve({ draws, frames })
      }
    })
  })
}
