import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { intact, tally } from '../support/tally.ts'
import { createWorld, online, open, type World } from '../support/world.ts'

let world: World
let timer: NodeJS.Timeout
afterEach(() => {
  clearInterval(timer)
  return world.close()
})

/** Of about 1.5 kB; the longer part says whether it is whole. */
const message = (n: number) => ({ n, text: `${n} `.repeat(300) })
const agreed: string[] = []
/** Offers compression, as `ws` does by itself. */
class Watched extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols)
    this.on('open', () => agreed.push(this.extensions))
  }
}

const soon = { probeMs: 300, probeCapMs: 300, handshakeMs: 600 }

test('a stream goes on, both ways, while it changes between compressed messages and other transports', async () => {
  world = await createWorld({ ...open, heartbeatMs: 1_000 })
  world.hub.topics('*', { compress: true, history: { count: 20_000, bytes: 2 ** 28 } })
  const [down, up] = [tally(), tally()]
  const failures: unknown[] = []
  const connection = world.connect({ timing: soon, WebSocket: Watched })
  const take = (to: typeof down) => (data: ReturnType<typeof message>) => {
    if (data.text !== message(data.n).text) failures.push(data)
    to.take(data.n)
  }
  connection.topic<ReturnType<typeof message>>('down', { from: 'start' }).subscribe(take(down))
  world.hub.topic<ReturnType<typeof message>>('up', { from: 'start' }).subscribe(take(up))
  let sent = 0
  timer = setInterval(() => {
    void world.hub.topic('down').publish(message(sent))
    connection
      .topic('up')
      .publish(message(sent))
      .catch((error) => failures.push(error))
    sent++
  }, 5)
  const flows = (count: number) => {
    const goal = Math.min(down.last, up.last) + count
    return expect.poll(() => Math.min(down.last, up.last), { interval: 5 }).toBeGreaterThanOrEqual(goal)
  }

  for (let round = 0; round < 2; round++) {
    world.proxy.heal()
    await online(connection, 'websocket')
    await flows(30)
    world.proxy.set({ websocket: 'refuse' })
    world.proxy.cut({ transport: 'websocket' })
    await online(connection, 'sse')
    await flows(30)
  }
  world.proxy.heal()
  await online(connection, 'websocket')
  await flows(30)
  clearInterval(timer)
  await expect.poll(() => [down.last, up.last]).toEqual([sent - 1, sent - 1])
  expect(failures).toEqual([])
  expect([down.count, up.count]).toEqual([intact(sent), intact(sent)])
  expect(agreed).toEqual(Array.from({ length: 3 }, () => 'permessage-deflate'))
})
