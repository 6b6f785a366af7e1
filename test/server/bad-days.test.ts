import { memoryBroker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { seeded } from '../support/seeded.ts'
import { settled } from './clock.ts'
import { drawSession } from './support.ts'
import { connectSocket, createWorld, slowBroker } from './world.ts'

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
  'over two nodes, cuts, late answers and a short history nothing is lost, doubled or out of order (seed %i)',
  async (seed) => {
    const random = seeded(seed)
    const pick = (count: number) => Math.floor(random() * count)
    const { hub, clock } = createWorld()
    const inner = memoryBroker({ clock, random })
    const options = {
      broker: seed % 2 ? inner : slowBroker(inner),
      random,
      history: { count: 6 },
      limits: { inFlightBytes: 500 },
    }
    const nodes = [hub(options), hub(options)]
    const { hello } = drawSession()
    const topic = inner.log('t', { count: 1e6, bytes: 1e9, ageMs: 1e9, compact: false, idleMs: 1e9 })
    const published: number[] = []
    const confirmed = new Map<number, string>()
    let number = 0
    let link = 0
    let cursor = 'live'
    let seen = 0
    let far = connect()

    for (let step = 0; step < 400; step++) {
      const dice = pick(20)
      if (dice < 6) published.push(++number)
      if (dice < 9) await far.send(...unconfirmed().map((n) => ['publish', n, 't', n]), ['ping', 1])
      else if (dice < 12) await nodes[pick(2)]!.topic('t').publish('x'.repeat(pick(200)))
      else if (dice < 13) await far.send(['ack', cursor === 'live' ? [] : [['t', cursor]]])
      else if (dice < 14) {
        if (random() < 0.5) far.gone()
        far = connect()
      }
      for (let turn = pick(6); turn > 0; turn--) await settled()
      look()
    }
    far = connect()
    for (let turn = 0; turn < 400; turn++) {
      await settled()
      look()
      if (turn % 10 === 0) {
        await far.send(...unconfirmed().map((n) => ['publish', n, 't', n]), [
          'ack',
          cursor === 'live' ? [] : [['t', cursor]],
        ])
      }
    }
    const page = (await topic.read(0, { maxEntries: 1e6, maxBytes: 1e9 }))!
    expect(cursor).toBe(`${page.epoch}.${page.head}`)
    expect([...confirmed.keys()].sort((a, b) => a - b)).toEqual(published)
    const offsets = published.map((n) => Number(confirmed.get(n)!.split('.')[1]))
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
    expect(far.code).toBe(0)
    await Promise.all(nodes.map((node) => node.close({ drainMs: 0 })))

    function connect() {
      link++
      seen = 0
      const mode = confirmed.size > 0 || cursor !== 'live' ? 'resume' : 'new'
      return connectSocket(nodes[pick(2)]!, hello([['t', cursor]], { link, mode }))
    }

    function unconfirmed(): number[] {
      return published.filter((n) => !confirmed.has(n))
    }

    /** What a client does with the frames of its newest link. */
    function look(): void {
      for (; seen < far.frames.length; seen++) {
        const frame = far.frames[seen]!
        if (frame[0] === 'subscribed' && cursor === 'live') cursor = frame[2]
        else if (frame[0] === 'entry') {
          const [epoch, offset] = cursor.split('.')
          if (Number(frame[2].split('.')[1]) <= Number(offset)) continue
          expect(frame[2]).toBe(`${epoch}.${Number(offset) + 1}`)
          cursor = frame[2]
        } else if (frame[0] === 'gap') {
          expect(frame[2]).toBe(cursor)
          cursor = frame[3]
        } else if (frame[0] === 'receipt') {
          expect(confirmed.get(frame[1]) ?? frame[2]).toBe(frame[2])
          confirmed.set(frame[1], frame[2] as string)
        } else expect(frame[0]).toMatch(/^(welcome|subscribed|pong)$/)
      }
    }
  },
)

test('a broker that has no log for a topic ends the link that asks for it, and the session goes on', async () => {
  const { hub, errors } = createWorld()
  const broker = memoryBroker()
  const node = hub({
    broker: {
      ...broker,
      log(name, options) {
        if (name === 'bad') throw new TypeError('no such table')
        return broker.log(name, options)
      },
    },
  })
  const { hello } = drawSession()
  const far = connectSocket(node, hello())
  await settled()
  await far.send(['publish', 1, 'good', 1], ['subscribe', 2, 'bad', 'live'])
  expect([far.code, far.reason]).toEqual([4005, 'broker-failed'])
  expect(errors).toContain('broker-failed')
  const again = connectSocket(node, hello([], { link: 2, mode: 'resume' }))
  await settled()
  await again.send(['publish', 2, 'good', 2])
  expect(again.of('receipt').map(([, n]) => n)).toEqual([2])
  await node.close({ drainMs: 0 })
})
