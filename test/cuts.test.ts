import type { Connection, MessageEvent } from '@holdfast/client'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, expect, test } from 'vitest'
import { intact, tally } from './support/tally.ts'
import { createWorld, online, open, seeded, type World } from './support/world.ts'

let world: World
afterEach(() => world.close())

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

/** Breaks the path at random until `stop` is called. */
function wreck({ proxy }: World, random: () => number) {
  let timer: NodeJS.Timeout
  const wreckAgain = () => {
    proxy.set({
      websocket:
        random() < 0.5
          ? 'pass'
          : ((['refuse', 'swallow', 'silent', 'cut'] as const)[Math.floor(random() * 4)] ?? 'pass'),
    })
    proxy.cut({ how: random() < 0.5 ? 'reset' : 'end' })
    timer = setTimeout(wreckAgain, 1_000 + random() * 1_000)
  }
  timer = setTimeout(wreckAgain, 1_000)
  return () => clearTimeout(timer)
}

test(`a stream both ways survives cuts of everything (seed ${seed})`, { timeout: 90_000 }, async () => {
  const random = seeded(seed)
  world = await createWorld({ ...open, history: { count: 20_000 } })
  const connection: Connection = world.connect()
  const down = tally()
  const up = tally()
  const receipts = new Map<number, number>()
  const applied = new Map<number, number>()
  const failures: unknown[] = []

  connection.topic<number>('down', { from: 'start' }).subscribe((n) => down.take(n))
  world.hub.topic<number>('up').events$.subscribe((event) => {
    if (event.type !== 'message') return
    applied.set(event.data, (event as MessageEvent<number>).offset)
    up.take(event.data)
  })
  await online(connection)

  const seconds = Number(process.env.CUTS_SECONDS ?? 30)
  const transports = new Set<string>()
  const states = connection.state$.subscribe(({ transport }) => transport && transports.add(transport))
  const mend = wreck(world, random)
  let sent = 0
  let published = 0
  const begin = performance.now()
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = performance.now() - begin
      for (; sent < elapsed * 0.2; sent++) void world.hub.topic('down').publish(sent)
      for (; published < elapsed * 0.1; published++) {
        const n = published
        connection
          .topic('up')
          .publish(n)
          .then(
            (receipt) => receipts.set(n, receipt.offset),
            (error) => failures.push(error),
          )
      }
      if (elapsed < seconds * 1_000) return
      clearInterval(timer)
      resolve()
    }, 5)
  })
  mend()
  world.proxy.heal()

  await online(connection, 'websocket')
  await connection.topic('up').publish(published)
  await world.hub.topic('down').publish(sent)
  await firstValueFrom(connection.topic<number>('down', { from: { last: 1 } }).pipe(filter((n) => n === sent)))
  await expect.poll(() => [down.last, up.last]).toEqual([sent, published])
  states.unsubscribe()

  const falseReceipts = [...receipts].filter(([n, offset]) => applied.get(n) !== offset).length
  console.log(`seed ${seed}`, {
    down: down.count,
    up: up.count,
    falseReceipts,
    receipts: receipts.size,
    transports: [...transports],
  })
  expect(failures).toEqual([])
  expect(down.count).toEqual(intact(sent + 1))
  expect(up.count).toEqual(intact(published + 1))
  expect(falseReceipts).toBe(0)
  expect(receipts.size).toBe(published)
  expect(connection.getState()).toMatchObject({ phase: 'online', transport: 'websocket' })
})
