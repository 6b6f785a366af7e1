import { parseCursor } from '@holdfast/protocol'
import { topicStore } from '@holdfast/store'
import { afterEach, expect, test, vi } from 'vitest'
import { seeded } from '../../../test/support/seeded.ts'
import { createWorld, type Kind, type Own } from './world.ts'

const cases = Number(process.env.CASES ?? 10_000)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

const nothingSeen = { gaps: 0, snapshots: 0, doubtful: 0, rejected: 0, own: 0, overtaken: 0 }

afterEach(() => vi.useRealTimers())

test(`a store is the fold of its log, then the pending ones: ${cases} cases from seed ${seed}`, async () => {
  vi.useFakeTimers()
  const seen = { ...nothingSeen }
  for (let n = 0; n < cases; n++) {
    try {
      await runCase(seed + n, seen)
    } catch (error) {
      throw new Error(`SEED=${seed + n}: ${error}`, { cause: error })
    }
  }
  console.log(`store: ${cases} cases from seed ${seed}: ${JSON.stringify(seen)}`)
  // Otherwise the cases would show nothing.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(cases / 20)
}, 120_000)

async function runCase(at: number, seen: typeof nothingSeen): Promise<void> {
  const random = seeded(at)
  const kind = (['snapshot', 'loader', 'plain'] satisfies Kind[])[Math.floor(random() * 3)] as Kind
  const inBatches = random() < 0.5
  const world = createWorld(kind)
  const add = (state: string[], data: string) => [...state, data]
  const store = topicStore<string[], string>(world.source, {
    initial: [],
    ...(inBatches ? { messages: (state, batch) => [...state, ...batch] } : { message: add }),
    ...(kind === 'loader' && { snapshot: world.load }),
    optimistic: random() < 0.5 ? true : add,
    everyMs: random() < 0.5 ? 0 : 16,
    report: (error) => {
      throw error
    },
  })
  let told = store.get()
  let watching = store.subscribe((snapshot) => {
    told = snapshot
  })
  store.inspect(({ event, snapshot }) => {
    if (event.type === 'gap') seen.gaps++
    if (event.type === 'snapshot' || event.type === 'loaded') seen.snapshots++
    if (event.type === 'rejected') seen.rejected++
    const { pending } = (snapshot as ReturnType<typeof store.get>).context
    if (pending.some(({ doubtful }) => doubtful)) seen.doubtful++
    if (event.type === 'messages' && world.own.some(({ entry, told }) => entry && !told)) seen.overtaken++
  })

  let serial = 0
  const acts: Record<string, () => unknown> = {
    others: world.others,
    mine: () => {
      seen.own++
      void store.publish(`m${++serial}`)
    },
    hand: world.hand,
    apply: () => world.apply(random() < 0.2),
    answer: world.answer,
    deliver: world.deliver,
    load: () => world.answerLoad(random),
    read: () => store.get(),
    frame: () => vi.advanceTimersByTime(16),
  }
  const rare: Record<string, () => unknown> = {
    down: () => world.up(false),
    up: () => world.up(true),
    trim: () => world.trim(random),
    async restart() {
      // A log begins anew over a new link: what the old one told has been taken in.
      await settle()
      world.restart()
    },
    rest: () => {
      watching.unsubscribe()
      vi.advanceTimersByTime(random() * 40_000)
      watching = store.subscribe((snapshot) => {
        told = snapshot
      })
      told = store.get()
    },
    stop: () => store.stop(),
    start: () => store.start(),
    again: () => vi.advanceTimersByTime(40_000),
  }
  const one = (of: typeof acts) => Object.values(of)[Math.floor(random() * Object.keys(of).length)]?.()
  const length = 20 + Math.floor(random() * 40)
  for (let i = 0; i < length; i++) {
    const acted = one(random() < 0.25 ? rare : acts)
    if (acted instanceof Promise) await acted
    if (random() < 0.5) continue
    await settle()
    if (random() < 0.7) check()
  }

  store.start()
  world.up(true)
  // What was published while the store did not listen stays pending until it hears anything of the topic.
  world.others()
  // What is asked again after a failure waits a while.
  for (let quiet = 0; quiet < 3; quiet++) {
    while (drain()) {
      quiet = 0
      await settle()
    }
    vi.advanceTimersByTime(40_000)
    await settle()
  }
  check()
  const { context } = store.get()
  expect(context).toMatchObject({ status: 'live', staleSince: null, pending: [] })
  expect(context.data).toEqual(context.confirmed)
  expect(told).toBe(store.get())
  expect(world.subscriptions).toBe(1)
  const head = parseCursor(context.cursor ?? `${world.epoch}.0`)
  expect(head).toEqual({ epoch: world.epoch, offset: world.truth(world.epoch, Number.POSITIVE_INFINITY).length })
  store.stop()
  expect(world.subscriptions).toBe(0)

  function drain(): boolean {
    const acts = [world.hand, () => world.apply(false), world.answer, world.deliver, () => world.answerLoad(random)]
    return acts.map((act) => act()).includes(true)
  }

  /** Held against what the world knows. */
  function check(): void {
    const { data, confirmed, cursor } = store.get().context
    const here = cursor === null ? null : parseCursor(cursor)
    const { base } = world
    const from = kind === 'plain' && here?.epoch === base.epoch ? base.offset : 0
    expect(confirmed).toEqual(here ? world.truth(here.epoch, here.offset, from) : [])
    const wanted = data.slice(confirmed.length)
    expect(data.slice(0, confirmed.length)).toEqual(confirmed)
    const certain: string[] = []
    const possible: string[] = []
    for (const own of world.own) {
      const { entry, id, told, data: mine } = own
      const isGone = entry !== null && entry.epoch !== world.epoch
      const isSkipped = entry !== null && entry.epoch === here?.epoch && entry.offset <= from
      if ((told && !entry) || (isIn(own, here) && !isSkipped) || (isGone && here?.epoch === world.epoch)) continue
      possible.push(mine)
      // Handed over, and its receipt is not here: a state that was taken anew may hold it.
      if (!isGone && !isSkipped && (id === null || told)) certain.push(mine)
    }
    // In their order, none that is in the confirmed state, and all that are certainly not.
    expect(possible.filter((each) => wanted.includes(each))).toEqual(wanted)
    expect(wanted).toEqual(expect.arrayContaining(certain))
  }

  function isIn({ entry }: Own, here: ReturnType<typeof parseCursor>): boolean {
    return entry !== null && here !== null && entry.epoch === here.epoch && entry.offset <= here.offset
  }
}

/** All promises that can settle have. */
async function settle(): Promise<void> {
  for (let i = 0; i < 6; i++) await Promise.resolve()
}
