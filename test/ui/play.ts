import { expect, vi } from 'vitest'
import { clicks, lines } from '../../playground/ui/live.ts'
import { kept, type Stage } from './stage.ts'

/** The same for every UI. @param isRendered its first markup comes from the server */
export async function play(stage: Stage, isRendered: boolean): Promise<void> {
  await begins(stage, isRendered)
  await flows(stage)
  await switches(stage)
  await isCut(stage)
  await changesWhileCut(stage)
  await missesSome(stage)
  await isRefused(stage)
  await comesBack(stage)

  const { faults, counts } = await stage.shown()
  expect(faults).toEqual([])
  expect(counts[0]).toBe(isRendered ? seed : null)
  expect(stage.complaints).toEqual([])
  expect(stage.errors).toEqual([])
  expect(stage.sessions).toHaveLength(1)
}

const seed = 41
/** Many pages share the machine. */
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 50 })

async function begins(stage: Stage, isRendered: boolean): Promise<void> {
  const { hub, page, proxy, flow, frames } = stage
  await hub.topic(clicks()).publish(seed - 5)
  await flow(5)
  if (isRendered) expect(await (await fetch(proxy.url)).text()).toMatch(/>41<.*>line 5<\/li>.*>line 1<\/li>/)
  await page.goto(proxy.url)
  await isCurrent(stage, 'websocket')
  expectOneSession(stage)
  expect(requests(stage, 'websocket')).toBe(1)
  expect(requests(stage, 'stream')).toBe(0)
  const loads = frames.filter((frame) => /^\["(snapshot|entry|page)"/.test(frame))
  if (isRendered) expect(loads).toEqual([])
  else expect(loads.filter((frame) => frame.startsWith('["snapshot"'))).toHaveLength(1)
}

async function flows(stage: Stage): Promise<void> {
  await stage.flow(20)
  await isCurrent(stage)
}

async function isCut(stage: Stage): Promise<void> {
  const before = await stage.shows()
  await cut(stage)
  await stage.flow(10)
  const { rows, count } = await stage.shows()
  expect({ rows, count }).toEqual({ rows: before.rows, count: before.count })
  stage.proxy.heal()
  await isCurrent(stage)
  expectOneSession(stage)
}

/** Down to SSE and up again, in mid-stream. */
async function switches(stage: Stage): Promise<void> {
  const { proxy, flow } = stage
  proxy.set({ websocket: 'refuse' })
  proxy.cut()
  await flow(10)
  await isCurrent(stage, 'sse')
  await flow(10)
  proxy.set({ websocket: 'pass' })
  await flow(20)
  await isCurrent(stage, 'websocket')
  expectOneSession(stage)
}

async function changesWhileCut(stage: Stage): Promise<void> {
  const { hub, page, proxy, shows } = stage
  const heard: string[] = []
  hub.topic(lines()).subscribe(({ text }) => heard.push(text))
  const clicked: number[] = []
  hub.topic(clicks()).subscribe((by) => clicked.push(by))
  const { count } = await shows()
  await cut(stage)
  await page.getByRole('button', { name: '+1' }).click()
  await page.getByLabel('Your line').fill('mine')
  await page.keyboard.press('Enter')
  await eventually(async () => expect(await shows()).toMatchObject({ count: `${Number(count) + 1}` }))
  await eventually(async () => expect((await shows()).rows[0]).toEqual({ kind: 'pending', text: 'mine' }))
  proxy.heal()
  await isCurrent(stage)
  expect(await shows()).toMatchObject({ count: `${Number(count) + 1}` })
  expect((await shows()).rows[0]).toEqual({ kind: 'said', text: 'mine' })
  expect([heard, clicked]).toEqual([['mine'], [1]])
}

/** More than the hub keeps, and long enough for people to hear of it. */
async function missesSome(stage: Stage): Promise<void> {
  const { proxy, flow, shows, shown } = stage
  await cut(stage)
  await flow(2 * kept, 0)
  await eventually(async () => expect((await shows()).badge).toBe('connection lost'))
  const { badges } = await shown()
  const [blip, loss] = badges.slice(-2)
  expect(blip?.text).toBe('connecting')
  // Either may be drawn late.
  expect((loss?.at ?? 0) - (blip?.at ?? 0)).toBeGreaterThan(4_000)
  proxy.heal()
  await isCurrent(stage)
  const { rows } = await shows()
  expect(rows.filter(({ kind }) => kind === 'missing')).toHaveLength(1)
  expect(rows.findIndex(({ kind }) => kind === 'missing')).toBe(kept)
  expectOneSession(stage)
}

/** What the hub refuses goes, and is spoken of until something goes well. */
async function isRefused(stage: Stage): Promise<void> {
  const { page, shows } = stage
  const field = page.getByLabel('Your line')
  await field.fill('far too much '.repeat(100))
  await field.press('Enter')
  await eventually(async () => expect((await shows()).error).toContain('text'))
  await field.fill('less')
  await field.press('Enter')
  await isCurrent(stage)
  expect((await shows()).rows[0]).toEqual({ kind: 'said', text: 'less' })
}

/** Unmounted and mounted again: what it knows is there at once, over the same connection. */
async function comesBack(stage: Stage): Promise<void> {
  await stage.page.evaluate(() => globalThis.remount())
  await isCurrent(stage)
  await stage.flow(10)
  await isCurrent(stage)
  expectOneSession(stage)
}

async function cut({ proxy, shows }: Stage): Promise<void> {
  proxy.set({ block: 'refuse' })
  await eventually(async () => expect((await shows()).isOld).toBe('true,true'))
}

/** That the page is live, and has all that the hub has. @param transport default: any */
async function isCurrent({ live, shows }: Stage, transport = 'websocket|sse|poll'): Promise<void> {
  await eventually(async () => {
    const { rows: shown, ...look } = await shows()
    const count = `${live.counter.get().context.data}`
    const rows = live.feed
      .get()
      .context.data.slice(0, kept)
      .map(({ kind, text }) => ({ kind, text }))
    expect({ ...look, rows: shown.slice(0, kept) }).toEqual({
      badge: expect.stringMatching(`^(${transport})$`),
      count,
      isOld: 'false,false',
      error: '',
      rows,
    })
  })
}

const requests = ({ proxy }: Stage, kind: string): number =>
  proxy.log.filter((entry) => entry.kind === kind && entry.event === 'request').length

function expectOneSession({ sessions, carried }: Stage): void {
  expect(sessions).toHaveLength(1)
  const { away, ...transports } = carried()
  expect([away, Object.values(transports).reduce((sum, n) => sum + n)]).toEqual([0, 1])
}
