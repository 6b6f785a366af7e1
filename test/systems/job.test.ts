import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 60_000)

afterAll(() => stage?.close())

test('jobs go on through every switch of transport and over a reload, can be canceled, and end', {
  timeout: 60_000,
}, async () => {
  const visitors = await Promise.all([stage.visit('Ada', 'job'), stage.visit('Bob', 'job')])
  const [ada] = visitors as [Visitor, Visitor]
  const sent = framesOf(ada)
  for (const wrong of [20_000_001, -5]) {
    await count(ada, wrong)
    await ada.pane.getByText('needs a whole number from 1 to 20,000,000').waitFor()
    await count(ada, 100)
    await ada.pane.getByText('done: 25 primes among 100 numbers').waitFor()
  }
  for (const visitor of visitors) await count(visitor, 20_000_000)
  await throughSwitches(visitors, advances)

  const before = await progress(ada)
  await ada.page.reload()
  await expect.poll(() => progress(ada)).toBeGreaterThan(before)
  await advances(ada)

  for (const { pane } of visitors) await pane.getByRole('button', { name: 'Cancel' }).click()
  for (const { pane } of visitors) await pane.getByText(/^canceled: \d/).waitFor()

  for (const visitor of visitors) await count(visitor, 100_000)
  for (const { pane } of visitors) await pane.getByText('done: 9,592 primes among 100,000 numbers').waitFor()
  const id = await ada.page.evaluate(() => sessionStorage.getItem('job'))
  const end = new RegExp(`^\\["unsubscribe",\\d+,"job:${id}"\\]$`, 'm')
  await expect.poll(() => sent.some((batch) => end.test(batch))).toBe(true)
  expect(visitors.flatMap(({ errors }) => errors)).toEqual([])
})

async function count({ pane }: Visitor, below: number): Promise<void> {
  await pane.getByLabel('Primes below').fill(String(below))
  await pane.getByRole('button', { name: 'Count' }).click()
}

const progress = ({ pane }: Visitor): Promise<number> =>
  pane.getByRole('progressbar').evaluate((bar) => (bar as HTMLProgressElement).value)

async function advances(visitor: Visitor): Promise<void> {
  const before = await progress(visitor)
  await expect.poll(() => progress(visitor)).toBeGreaterThan(before)
}

/** What the page sends on the WebSockets that it opens from now on. */
function framesOf({ page }: Visitor): readonly string[] {
  const sent: string[] = []
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => void sent.push(String(payload))))
  return sent
}
