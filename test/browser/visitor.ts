import type { ConnectOptions } from '@holdfast/client'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Site } from '../support/site.ts'
import { type Count, intact, tally } from '../support/tally.ts'
import { type Diary, keepDiary, type Outcome } from './diary.ts'

/** A real page with the client on it, and numbers flowing both ways: 50 a second down, 10 up. */
export interface Visitor {
  readonly page: Page
  readonly cdp: CDPSession
  diary(): Promise<Diary>
  carries(transport: string): Promise<void>
  /** Resolves when what is sent from now on has come, `count` messages each way. */
  flows(count?: number): Promise<void>
  /** Stops sending, waits until nothing is under way, and tells what became of all of it. */
  stop(): Promise<Account>
}

export interface Account {
  readonly diary: Diary
  readonly down: Count
  readonly up: Count
  /** Receipts for what the hub has not, or has elsewhere. */
  readonly falseReceipts: number
  readonly outcomes: Partial<Record<Outcome, number>>
  /** What the hub has of those that were never accepted: only an `unknown` may be there. */
  readonly secrets: Outcome[]
  /** The sessions that the page has had. */
  readonly sessions: number
  /** How long after that time the first messages sent since had arrived each way, on a connection that is online. */
  backMs(since: number): { down: number; up: number }
}

const plan = { upEveryMs: 100, downsForOneUp: 5 }
const downEveryMs = 20
let visitors = 0

/** @param url the page's, where it is not the site's own */
export async function createVisitor(
  context: BrowserContext,
  site: Site,
  { url = site.url, ...options }: Pick<ConnectOptions, 'timing' | 'transports'> & { url?: string } = {},
): Promise<Visitor> {
  const id = visitors++
  const topics = { down: `down-${id}`, up: `up-${id}` }
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  const sent: number[] = []
  const heard: Heard[] = []
  await page.goto(url)
  await until(() => page.evaluate(() => globalThis.holdfast !== undefined))
  const hearing = site.hub.topic<number>(topics.up, { from: 'start' }).events$.subscribe((event) => {
    if (event.type !== 'message') return
    heard.push({ n: event.data, offset: event.offset, at: Date.now(), session: event.session?.id })
  })
  await page.evaluate(keepDiary, { ...plan, topics, options })
  // A test that failed closes the hub under it.
  const stopSending = () => clearInterval(sending)
  const sending = setInterval(
    () =>
      site.hub
        .topic(topics.down)
        .publish(sent.push(Date.now()) - 1)
        .catch(stopSending),
    downEveryMs,
  )

  const diary = () => page.evaluate(() => globalThis.diary)
  const progress = () => page.evaluate(progressOf)

  return {
    page,
    cdp,
    diary,
    carries: (transport) => until(async () => (await progress()).transport === transport),
    async flows(count = 5) {
      const up = (await progress()).sent + count
      const down = sent.length + count
      await until(async () => last(heard) >= up && (await progress()).heard >= down)
    },
    async stop() {
      stopSending()
      await page.evaluate(() => {
        clearInterval(globalThis.sending)
        globalThis.sending = undefined
      })
      await until(async () => {
        const { heard: hasHeard, isSettled, accepted } = await progress()
        return isSettled && hasHeard === sent.length - 1 && last(heard) >= accepted
      })
      hearing.unsubscribe()
      return accountOf(await diary(), sent, heard)
    },
  }
}

/** Asks until it is true. What asks inside the page waits for its frames or its timers, and a hidden page has neither. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** How far the page is; runs there. The whole diary would be much to ask for again and again. */
function progressOf() {
  const { heard, sent, states } = globalThis.diary
  const outcomes = sent.map(({ outcome }) => outcome)
  return {
    transport: states.at(-1)?.transport,
    heard: heard.at(-1)?.n ?? -1,
    sent: sent.length,
    isSettled: outcomes.every(Boolean),
    accepted: outcomes.lastIndexOf('accepted'),
  }
}

/** Every message once and in order, each way; every receipt true; one session; and both ways again within 2 s. */
export function expectIntact(account: Account, backAt?: number): void {
  const { diary, down, up, falseReceipts, outcomes, sessions } = account
  expect(down).toEqual(intact(down.received))
  expect(diary.gaps).toEqual([])
  expect(up).toEqual(intact(diary.sent.length))
  expect(outcomes).toEqual({ accepted: diary.sent.length })
  expect(falseReceipts).toBe(0)
  expect(sessions).toBe(1)
  if (backAt !== undefined) expectBack(account, backAt)
}

export function expectBack({ backMs }: Account, at: number): void {
  const { down, up } = backMs(at)
  expect(Math.max(down, up)).toBeLessThan(2_000)
}

const last = (arrivals: readonly { n: number }[]) => arrivals.at(-1)?.n ?? -1

interface Heard {
  readonly n: number
  readonly offset: number
  readonly at: number
  readonly session: string | undefined
}

function accountOf(diary: Diary, sent: readonly number[], heard: readonly Heard[]): Account {
  const down = tally()
  const up = tally()
  for (const { n } of diary.heard) down.take(n)
  for (const { n } of heard) up.take(n)
  const numberAt = new Map(heard.map(({ n, offset }) => [offset, n]))
  const outcomes: Account['outcomes'] = {}
  for (const { outcome } of diary.sent) if (outcome) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const isOnlineAt = (at: number) => diary.states.filter((state) => state.at <= at).at(-1)?.phase === 'online'
  const since = (at: number, arrivals: readonly { n: number; at: number }[], sentAt: (n: number) => number) =>
    (arrivals.find((one) => sentAt(one.n) >= at && isOnlineAt(one.at))?.at ?? Number.POSITIVE_INFINITY) - at

  return {
    diary,
    down: down.count,
    up: up.count,
    outcomes,
    falseReceipts: diary.sent.filter((one, n) => one.outcome === 'accepted' && numberAt.get(one.offset ?? 0) !== n)
      .length,
    secrets: heard.flatMap(({ n }) => diary.sent[n]?.outcome ?? []).filter((outcome) => outcome !== 'accepted'),
    sessions: new Set(heard.map(({ session }) => session)).size,
    backMs: (at) => ({
      down: since(at, diary.heard, (n) => sent[n] ?? 0),
      up: since(at, heard, (n) => diary.sent[n]?.at ?? 0),
    }),
  }
}
