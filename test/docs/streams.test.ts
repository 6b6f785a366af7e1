import { expect, test, vi } from 'vitest'
import { createBoth, die, socketUrl, stubBrowserSockets, until } from './both.ts'
import { load } from './snippets.ts'

// What a server tells: the same harm to the old code of docs/migrate.md, and to the new code.
const socket = stubBrowserSockets()

interface Price {
  readonly symbol: string
  readonly price: number
}
const symbols = ['A', 'B', 'C', 'D']
const market: readonly Price[] = Array.from({ length: 2_000 }, (_, price) => ({
  symbol: symbols[price % 4] ?? '',
  price,
}))

test.concurrent('feed: on a slow line the old page is far behind when the new one shows the newest', async (context) => {
  const { oldWorld, newWorld, connect } = createBoth(context)
  const slow = { throttleBytesPerSecond: 5_000 }
  const old = await load('feed.old.ts')
  const { sockets, proxy } = await oldWorld((_, sockets) =>
    sockets.on('connection', (one) => one.on('error', () => {})),
  )
  let drawn: readonly Price[] = []
  old.watchPrices(socketUrl(proxy), (prices: Price[]) => {
    drawn = prices
  })
  await socket(proxy, 1)

  const [{ watchPrices }, { serveFeed }] = await Promise.all([load('feed.ts'), load('feed.server.ts')])
  const world = await newWorld()
  serveFeed(world.hub)
  const board = watchPrices(connect(world.proxy))
  await until(() => expect(board.get().context.status).toBe('live'))

  proxy.set(slow)
  world.proxy.set(slow)
  for (const price of market) {
    for (const one of sockets.clients) one.send(JSON.stringify(price))
    void world.hub.topic('prices').publish(price)
  }
  const newest = Object.fromEntries(market.slice(-4).map((price) => [price.symbol, price]))
  await until(() => expect(board.get().context.data).toEqual(newest))
  console.log(`feed: ${drawn.length} of ${market.length} prices at the old page when the new one had the newest`)
  expect(drawn.length).toBeLessThan(market.length / 2)
})

interface Note {
  readonly text: string
}

test.concurrent('notifications, before: a second tab silences the first, and closing that one the second', async (context) => {
  const { oldWorld } = createBoth(context)
  const [{ watchNotes }, { serveNotes }] = await Promise.all([
    load('notifications.old.ts'),
    load('notifications.old-server.ts'),
  ])
  let notify = (_user: string, _text: string) => {}
  const { sockets, proxy } = await oldWorld((_, sockets) => {
    notify = serveNotes(sockets).notify
  })
  const tabs = [await proxy.open('first'), await proxy.open('second')] as const
  const shown: [string[], string[]] = [[], []]
  for (const [index, tab] of tabs.entries()) {
    watchNotes(socketUrl(tab), 'ada', ({ text }: Note) => shown[index]?.push(text))
    await socket(tab, 1)
    await until(() => expect(sockets.clients.size).toBe(index + 1))
  }
  const [first] = sockets.clients
  notify('ada', 'one')
  await until(() => expect(shown[1]).toEqual(['one']))
  await Promise.all([tabs[0].close(), new Promise((resolve) => first?.once('close', resolve))])
  notify('ada', 'two')
  // What is written now comes after it.
  for (const one of sockets.clients) one.send('{"text":"then"}')
  await until(() => expect(shown[1]).toContain('then'))
  tabs[1].cut()
  await until(() => expect(sockets.clients.size).toBe(0))
  notify('ada', 'three')
  await socket(tabs[1], 2)
  await until(() => expect(sockets.clients.size).toBe(1))
  notify('ada', 'four')
  await until(() => expect(shown[1]).toContain('four'))
  expect(shown).toEqual([[], ['one', 'then', 'four']])
})

test.concurrent('notifications, after: every tab has all of them, and what is unread', async (context) => {
  const { newWorld, connect } = createBoth(context)
  const [{ watchNotes }, { serveNotes, mayUseNotes }] = await Promise.all([
    load('notifications.ts'),
    load('notifications.server.ts'),
  ])
  const { hub, proxy } = await newWorld({
    authenticate: ({ token }) => ({ id: token }),
    authorize: (question) => mayUseNotes(question),
  })
  const { notify } = serveNotes(hub)
  const tabs = [await proxy.open('first'), await proxy.open('second')] as const
  const connections = tabs.map((tab) => connect(tab, { token: 'ada' }))
  const [first, second] = connections.map((connection) => watchNotes(connection, 'ada'))
  const shows = (store: typeof first, data: object) => until(() => expect(store.get().context.data).toEqual(data))
  await notify('ada', 'one')
  for (const store of [first, second]) await shows(store, { texts: ['one'], unread: 1 })
  await connections[0]?.close()
  await notify('ada', 'two')
  await die(tabs[1], () => notify('ada', 'three'))
  await notify('ada', 'four')
  await shows(second, { texts: ['four', 'three', 'two', 'one'], unread: 4 })
  await connections[1]?.request('read-notes')
  await shows(second, { texts: ['four', 'three', 'two', 'one'], unread: 0 })
  const others = watchNotes(connections[1], 'bob')
  await until(() => expect(others.get().context.error?.code).toBe('forbidden'))
})

/** The first connection is slow, others are not. */
const slowFirst = [{ connection: 1, direction: 'down', do: 'delay', ms: 500 }] as const
const isRising = (numbers: readonly number[]) => numbers.every((n, i) => i === 0 || n >= (numbers[i - 1] ?? 0))

test.concurrent('job, before: an answer that was slow sets the bar back, and a failed one rejects to nobody', async (context) => {
  const { oldWorld, closing } = createBoth(context)
  const { watchJob } = await load('job.old.ts')
  let percent = 0
  const { proxy } = await oldWorld((app) =>
    app.get('/jobs/:id', (_, response) => {
      percent = Math.min(100, percent + 10)
      response.json({ percent })
    }),
  )
  proxy.use(slowFirst)
  const seen: number[] = []
  const fetching = vi.spyOn(globalThis, 'fetch')
  closing(() => fetching.mockRestore())
  const timers = vi.spyOn(globalThis, 'setInterval')
  watchJob(proxy.url, 'one', (job: { percent: number }) => seen.push(job.percent))
  const [tick] = timers.mock.lastCall ?? []
  timers.mockRestore()
  await until(() => expect(seen).toEqual(expect.arrayContaining([10, 100])))
  const isAsking = ([address]: Parameters<typeof fetch>) => String(address).startsWith(proxy.url)
  await until(() => expect(seen).toHaveLength(fetching.mock.calls.filter(isAsking).length))
  console.log(`job: the bar was at ${seen.join(', ')}`)
  expect(isRising(seen)).toBe(false)
  proxy.set({ block: 'refuse' })
  await expect(tick?.()).rejects.toThrow('fetch failed')
})

test.concurrent('job, after: the bar rises, also where the line is slow and then breaks', async (context) => {
  const { newWorld, connect } = createBoth(context)
  const [{ watchJob }, { serveJobs }] = await Promise.all([load('job.ts'), load('job.server.ts')])
  const { hub, proxy } = await newWorld()
  const { tell } = serveJobs(hub)
  proxy.use(slowFirst)
  const seen: number[] = []
  const watching = watchJob(connect(proxy), 'one', (job: { percent: number }) => seen.push(job.percent))
  for (let percent = 10; percent <= 90; percent += 10) tell('one', percent)
  await until(() => expect(seen.at(-1)).toBe(90))
  proxy.cut()
  tell('one', 100)
  await until(() => expect(seen.at(-1)).toBe(100))
  expect(isRising(seen)).toBe(true)
  expect(watching.closed).toBe(true)
})

test('metrics, before: each viewer is measured for, also long after leaving', async (context) => {
  const { oldWorld } = createBoth(context)
  const { serveLoad } = await load('metrics.old-server.ts')
  let measured = 0
  let left = 0
  const { proxy } = await oldWorld((app) => {
    app.use((_, response, next) => next(void response.once('close', () => left++)))
    serveLoad(app, () => ++measured)
  })
  const timers = vi.spyOn(globalThis, 'setInterval')
  const leaving = new AbortController()
  for (let viewer = 0; viewer < 3; viewer++) await fetch(`${proxy.url}/load`, { signal: leaving.signal })
  const started = timers.mock.results.filter((_, call) => timers.mock.calls[call]?.[1] === 50)
  timers.mockRestore()
  expect(started).toHaveLength(3)
  leaving.abort()
  await until(() => expect(left).toBe(3))
  const then = measured
  await until(() => expect(measured).toBeGreaterThan(then + 6))
  for (const { value } of started) clearInterval(value)
})

test('metrics, after: one measurement for all viewers, and a newcomer has the past', async (context) => {
  const { newWorld, connect } = createBoth(context)
  const [{ watchLoad }, { serveLoad }] = await Promise.all([load('metrics.ts'), load('metrics.server.ts')])
  const { hub, proxy } = await newWorld()
  let measured = 0
  const timers = vi.spyOn(globalThis, 'setInterval')
  const stop = serveLoad(hub, () => ++measured)
  await until(() => expect(measured).toBeGreaterThan(3))
  const viewers = [1, 2, 3].map(() => watchLoad(connect(proxy)))
  for (const viewer of viewers) await until(() => expect(viewer.get().context.data.slice(0, 3)).toEqual([1, 2, 3]))
  expect(timers.mock.calls.filter(([, ms]) => ms === 50)).toHaveLength(1)
  timers.mockRestore()
  stop()
  await until(() => {
    for (const viewer of viewers) expect(viewer.get().context.data).toHaveLength(measured)
  })
})
