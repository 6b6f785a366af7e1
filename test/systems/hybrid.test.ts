import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage, throughSwitches, type Visitor } from './harness.ts'
import { putCaret, textOf, write } from './writing.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 60_000)

afterAll(() => stage?.close())

test('one connection carries the document and its mentions through every switch of transport', {
  timeout: 60_000,
}, async () => {
  const visitors = await Promise.all([stage.visit('Ada', 'hybrid'), stage.visit('Bob', 'hybrid')])
  const [ada, bob] = visitors as [Visitor, Visitor]
  for (const { pane } of visitors) await expect.poll(() => pane.locator('.writers li').count()).toBe(2)
  await write(ada, 'A.\nB.')
  await expect.poll(() => textOf(bob)).toBe('A.\nB.')
  await putCaret(ada, 1)
  await putCaret(bob, 4)

  await throughSwitches(visitors, (visitor) => write(visitor, visitor === ada ? ' @Bob,' : ' @Ada,'))
  for (const visitor of visitors) {
    await expect.poll(() => textOf(visitor)).toBe(`A${' @Bob,'.repeat(6)}.\nB${' @Ada,'.repeat(6)}.`)
    await visitor.pane.getByText('6 unread').waitFor()
    expect(await visitor.pane.getByText('mentions you in the plan').count()).toBe(6)
  }
  // Each of them is one session, whatever was opened on the way.
  expect(await sessionsIn(ada, 'doc:plan')).toEqual(
    await Promise.all(visitors.map(sessionOf)).then((ids) => ids.sort()),
  )
  expect(await links(bob)).toBe(1)
  expect(visitors.flatMap(({ errors }) => errors)).toEqual([])
})

const sessionOf = ({ page }: Visitor): Promise<string> => page.evaluate('connection.session')

/** The sessions that are in the topic, as its presence tells. */
const sessionsIn = ({ page }: Visitor, topic: string): Promise<string[]> =>
  page.evaluate(`new Promise((resolve) => connection.presence('${topic}').events$.subscribe((event) => {
    if (event.type === 'snapshot') resolve(Object.keys(event.data.members).sort())
  }))`)

/** How many WebSockets the tab opens to the hub when it is loaded anew. */
async function links({ page, pane, carriedBy }: Visitor): Promise<number> {
  const opened: string[] = []
  page.on('websocket', (socket) => socket.url().includes('/realtime') && opened.push(socket.url()))
  await page.reload()
  await carriedBy('websocket')
  await pane.getByText('6 unread').waitFor()
  return opened.length
}
