import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fish, poolSize } from '../../playground/src/systems/topics.ts'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 60_000)

afterAll(() => stage?.close())

const [stride, stepMs] = [5, 1000 / 30]

test('two see both swim, as the server alone moves them, through every switch of transport', {
  timeout: 60_000,
}, async () => {
  const visitors = await Promise.all([stage.visit('Ada', 'game'), stage.visit('Bob', 'game')])
  const [ada, bob] = visitors as [Visitor, Visitor]
  for (const visitor of visitors) await record(visitor)
  for (const visitor of visitors) await expect.poll(async () => (await latest(visitor))?.fish.length).toBe(2)
  const ways = new Map(visitors.map((visitor) => [visitor, ['left', 'up', 'right', 'down', 'left', 'up']]))
  const begin = (await pictures(ada)).length

  await throughSwitches(visitors, async (visitor) => {
    const before = (await latest(visitor))?.fish ?? []
    await visitor.pane.getByRole('button', { name: `Swim ${ways.get(visitor)?.shift()}` }).click()
    await expect.poll(async () => moved(before, (await latest(visitor))?.fish ?? [])).toBe(2)
  })
  for (const visitor of visitors) {
    // Both swim where they last wanted to, and nobody has left because a transport went.
    await expect
      .poll(async () => (await latest(visitor))?.fish.map(({ dx, dy }) => [dx, dy]))
      .toEqual([
        [0, -1],
        [0, -1],
      ])
  }
  const seen = (await pictures(ada)).slice(begin)
  expect(seen.filter(({ fish }) => fish.length !== 2)).toEqual([])
  expect(leaps(seen)).toEqual([])
  const [first, last] = [seen[0], seen.at(-1)] as [Picture, Picture]
  const perStepMs = (last.time - first.time) / (last.offset - first.offset)
  // A timer is late on a busy machine, and never early.
  expect(perStepMs).toBeGreaterThan(stepMs - 2)
  expect(perStepMs).toBeLessThan(3 * stepMs)

  expect(await refusal(ada, 'pool', { fish: [], food: [] })).toBe('forbidden')
  expect(await refusal(ada, 'steer', { dx: 9, dy: 0 })).toBe('bad-data')
  expect(await refusal(ada, 'steer', { dx: 0, dy: 1, x: 1, y: 1 })).toBe(null)

  // Who says goodbye leaves; and while nobody is there, the pool stands still.
  await bob.page.evaluate('connection.close()')
  await expect.poll(async () => (await latest(ada))?.fish.map(({ name }) => name)).toEqual(['Ada'])
  expect(leaps((await pictures(ada)).slice(begin))).toEqual([])
  await ada.page.evaluate('connection.close()')
  await expect.poll(standsStill).toBe(true)
  await bob.page.reload()
  await bob.carriedBy('websocket')
  await expect.poll(standsStill).toBe(false)
  expect(visitors.flatMap(({ errors }) => errors)).toEqual([])
})

interface Picture {
  readonly offset: number
  readonly time: number
  readonly fish: readonly Fish[]
}

/** Keeps every picture of the pool that its page gets from now on. */
async function record({ page }: Visitor): Promise<void> {
  await page.evaluate(`window.pictures = []; connection.topic('pool').events$.subscribe((event) => {
    if (event.type === 'message') pictures.push({ offset: event.offset, time: event.time, fish: event.data.fish })
  })`)
}

const pictures = ({ page }: Visitor): Promise<readonly Picture[]> => page.evaluate('pictures')

const latest = ({ page }: Visitor): Promise<Picture | undefined> => page.evaluate('pictures.at(-1)')

/** Whether there is no new picture for a while. A plain stream looks on, and counts as nobody. */
async function standsStill(): Promise<boolean> {
  const before = await head()
  await new Promise((resolve) => setTimeout(resolve, 10 * stepMs))
  return (await head()) === before
}

/** The cursor of the newest picture. */
async function head(): Promise<string> {
  const { body } = await fetch(`${stage.url}/realtime/topics/pool`)
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return /^id: (\S+)/m.exec(new TextDecoder().decode(value))?.[1] ?? ''
}

/** How many are elsewhere than before. */
function moved(before: readonly Fish[], now: readonly Fish[]): number {
  return now.filter(({ id, x, y }) => before.some((one) => one.id === id && (one.x !== x || one.y !== y))).length
}

/** Pictures in which somebody came further than the steps since the one before allow. */
function leaps(seen: readonly Picture[]): unknown[] {
  return seen.slice(1).filter(({ offset, fish }, index) => {
    const before = seen[index] as Picture
    const most = stride * (offset - before.offset)
    return fish.some(({ id, x, y }) => {
      const was = before.fish.find((one) => one.id === id)
      return was && (apart(x, was.x, poolSize.width) > most || apart(y, was.y, poolSize.height) > most)
    })
  })
}

/** On the shorter way round. */
const apart = (a: number, b: number, size: number): number => Math.min(Math.abs(a - b), size - Math.abs(a - b))

/** Why the hub does not take it; null where it does. */
const refusal = ({ page }: Visitor, topic: string, data: object): Promise<string | null> =>
  page.evaluate(`connection.topic('${topic}').publish(${JSON.stringify(data)}).then(() => null, ({ code }) => code)`)
