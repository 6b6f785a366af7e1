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
  const { draws, frames, elapsedMs } = await ada.page.evaluate(countDraws, 60)
  expect(draws).toBeGreaterThan(0)
  // Where no frame comes for so long, it is drawn all the same.
  expect(draws).toBeLessThanOrEqual(frames + elapsedMs / 100)

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

/** Runs in the page: how often the table was written to in so many frames. */
function countDraws(most: number): Promise<{ draws: number; frames: number; elapsedMs: number }> {
  const table = document.querySelector('#pane-feed .prices') as Element
  return new Promise((resolve) => {
    const began = performance.now()
    let draws = 0
    let frames = 0
    // Told once for each task in which anything was written.
    const observer = new MutationObserver(() => {
      draws += 1
    })
    observer.observe(table, { childList: true, subtree: true })
    requestAnimationFrame(function next() {
      frames += 1
      if (frames < most) return requestAnimationFrame(next)
      observer.disconnect()
      resolve({ draws, frames, elapsedMs: performance.now() - began })
    })
  })
}
