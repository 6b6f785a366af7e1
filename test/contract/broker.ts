import { type Answer, type Broker, BrokerError, type Draft, type Entry, type LogOptions } from '@holdfast/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface BrokerUnderTest {
  broker: Broker
  /** Lets so much of the broker's time pass, by its clock or by waiting. */
  pass(ms: number): void | Promise<void>
  close(): void | Promise<void>
}

/** What every broker has to do; times are multiples of `unitMs`. */
export function brokerContract(
  name: string,
  create: () => BrokerUnderTest | Promise<BrokerUnderTest>,
  unitMs = 100,
): void {
  const options: LogOptions = { count: 100, bytes: 1e6, ageMs: 1e9, compact: false, idleMs: 1e9 }
  const all = { maxEntries: 1_000, maxBytes: 1e9 }
  let subject: BrokerUnderTest
  let broker: Broker
  beforeEach(async () => {
    subject = await create()
    broker = subject.broker
  })
  afterEach(() => subject.close())

  const draft = (value: unknown, more: Partial<Draft> = {}): Draft => ({
    time: Date.now(),
    data: JSON.stringify(value),
    ...more,
  })
  const values = (entries: readonly Entry[]) => entries.map(({ data }) => JSON.parse(data))
  const fill = async (topic: string, count: number, more: Partial<LogOptions> = {}) => {
    const log = broker.log(topic, { ...options, ...more })
    for (let n = 1; n <= count; n++) await log.append(draft(n))
    return log
  }

  describe(`${name}: a log`, () => {
    test('does not begin by being looked at', async () => {
      const log = broker.log('a', options)
      expect(await log.state()).toBeNull()
      expect(await log.read(0, all)).toBeNull()
    })

    test('gives consecutive offsets from 1, and what was appended', async () => {
      const log = broker.log('a', options)
      const first = await log.append(draft({ x: 'é' }, { id: 's.1', user: '"ada"', time: 7_777_777_777_777 }))
      await log.append(draft('AQI=', { encoding: 'base64' }))
      const page = (await log.read(0, all))!
      expect(page).toMatchObject({ head: 2, floor: 0 })
      expect(first).toEqual({ status: 'applied', answer: ['receipt', 0, `${page.epoch}.1`] })
      const shown = {
        epoch: page.epoch,
        offset: 1,
        data: '{"x":"é"}',
        id: 's.1',
        user: '"ada"',
        time: 7_777_777_777_777,
      }
      expect(page.entries[0]).toMatchObject(shown)
      expect(page.entries[1]).toMatchObject({ offset: 2, encoding: 'base64' })
      expect(page.epoch).toMatch(/^[A-Za-z0-9_-]{1,32}$/)
    })

    test('reads after an offset, within the limits, at least one', async () => {
      const log = await fill('a', 10)
      expect(values((await log.read(7, all))!.entries)).toEqual([8, 9, 10])
      expect(values((await log.read(2, { maxEntries: 3, maxBytes: 1e9 }))!.entries)).toEqual([3, 4, 5])
      expect(values((await log.read(2, { maxEntries: 9, maxBytes: 1 }))!.entries)).toEqual([3])
      expect((await log.read(10, all))!.entries).toEqual([])
    })

    test('says where the newest n begin', async () => {
      const log = await fill('a', 10)
      expect(await log.state()).toMatchObject({ head: 10, floor: 0, before: 10 })
      expect(await log.state(3)).toMatchObject({ before: 7 })
      expect(await log.state(99)).toMatchObject({ before: 0 })
    })

    test('keeps the newest by count', async () => {
      const log = await fill('a', 10, { count: 4 })
      expect(await log.read(0, all)).toMatchObject({ head: 10, floor: 6 })
      expect(values((await log.read(0, all))!.entries)).toEqual([7, 8, 9, 10])
      expect(await log.state(99)).toMatchObject({ before: 6 })
    })

    test('keeps none with a count of 0, and goes on counting', async () => {
      const log = await fill('a', 3, { count: 0 })
      expect(await log.read(0, all)).toMatchObject({ head: 3, floor: 3, entries: [] })
    })

    test('keeps the newest by bytes', async () => {
      const log = broker.log('a', { ...options, bytes: 10_000 })
      for (let n = 0; n < 20; n++) await log.append(draft('x'.repeat(1_000)))
      const { floor, entries } = (await log.read(0, all))!
      expect(entries.length).toBeGreaterThan(4)
      expect(entries.length).toBeLessThanOrEqual(10)
      expect(floor).toBe(20 - entries.length)
    })

    test('lets go by age', async () => {
      const log = broker.log('a', { ...options, ageMs: 5 * unitMs })
      await log.append(draft('old'))
      expect(values((await log.read(0, all))!.entries)).toEqual(['old'])
      await subject.pass(20 * unitMs)
      expect(await log.read(0, all)).toMatchObject({ head: 1, floor: 1, entries: [] })
    })

    test('compacts: the newest of each key, in the order of their offsets, without moving the floor', async () => {
      const log = broker.log('a', { ...options, compact: true })
      for (const [n, key] of ['a', 'b', 'a', 'c', 'a'].entries()) await log.append(draft(n + 1, { key }))
      const page = (await log.read(0, all))!
      expect(page.entries.map(({ offset }) => offset)).toEqual([2, 4, 5])
      expect(page).toMatchObject({ head: 5, floor: 0 })
      expect(await log.state(2)).toMatchObject({ before: 3 })
    })

    test('a compacted log moves its floor only past what was the newest of its key', async () => {
      const log = broker.log('a', { ...options, compact: true, count: 2 })
      for (const [n, key] of ['a', 'b', 'a', 'c'].entries()) await log.append(draft(n + 1, { key }))
      expect(await log.read(0, all)).toMatchObject({ head: 4, floor: 2 })
      for (let n = 0; n < 200; n++) await log.append(draft(n, { key: 'c' }))
      expect((await log.read(2, all))!.entries.map(({ offset }) => offset)).toEqual([3, 204])
    })

    test('trims up to a position of its epoch', async () => {
      const log = await fill('a', 5)
      const { epoch } = (await log.state())!
      await log.trim({ epoch: 'other', offset: 4 })
      expect(await log.read(0, all)).toMatchObject({ floor: 0 })
      await log.trim({ epoch, offset: 3 })
      expect(await log.read(0, all)).toMatchObject({ head: 5, floor: 3 })
      expect(values((await log.read(0, all))!.entries)).toEqual([4, 5])
    })

    test('begins anew with another epoch after its removal', async () => {
      const log = await fill('a', 2)
      const { epoch } = (await log.state())!
      await log.remove()
      expect(await log.state()).toBeNull()
      await log.append(draft(1))
      const state = (await log.state())!
      expect(state.head).toBe(1)
      expect(state.epoch).not.toBe(epoch)
    })

    test('goes when it is empty and was not used, and not before', async () => {
      const idle = { ageMs: 2 * unitMs, idleMs: 10 * unitMs }
      const log = broker.log('a', { ...options, ...idle })
      const stop = await broker.log('tailed', { ...options, ...idle }).tail(() => {})
      await log.append(draft(1))
      const { epoch } = (await log.state())!
      await subject.pass(5 * unitMs)
      expect(await log.state()).toMatchObject({ epoch, head: 1, floor: 1 })
      await subject.pass(400 * unitMs)
      await fill('other', 1)
      expect((await log.state())?.epoch).not.toBe(epoch)
      expect(await broker.log('tailed', { ...options, ...idle }).state()).toMatchObject({ head: 0 })
      await stop()
    })

    test('tails every entry once, in order, for each listener, until it is stopped', async () => {
      const log = broker.log('a', options)
      const heard: unknown[][] = [[], []]
      const stops = await Promise.all(heard.map((list) => log.tail(({ offset }) => list.push(offset))))
      expect(await log.state()).toMatchObject({ head: 0, floor: 0 })
      for (let n = 0; n < 5; n++) await log.append(draft(n))
      await expect
        .poll(() => heard)
        .toEqual([
          [1, 2, 3, 4, 5],
          [1, 2, 3, 4, 5],
        ])
      await stops[0]!()
      await log.append(draft(6))
      await expect.poll(() => heard[1]).toHaveLength(6)
      expect(heard[0]).toHaveLength(5)
      await stops[1]!()
    })

    test('a listener that appends disturbs no order', async () => {
      const log = broker.log('a', options)
      const heard: number[] = []
      const stops = [
        await log.tail(({ offset }) => void (offset === 1 && log.append(draft('again')))),
        await log.tail(({ offset }) => heard.push(offset)),
      ]
      await log.append(draft('first'))
      await expect.poll(() => heard).toEqual([1, 2])
      for (const stop of stops) stop()
    })
  })

  describe(`${name}: numbers`, () => {
    const receipt = (n: number): Answer => ['receipt', n]

    test('applies the next, repeats an earlier answer, refuses a jump', async () => {
      const log = broker.log('a', options)
      const first = await log.append(draft('x'), { session: 's', number: 1 })
      const again = await log.append(draft('x'), { session: 's', number: 1 })
      expect(first).toMatchObject({ status: 'applied' })
      expect(again).toMatchObject({ status: 'repeated', answer: (first as any).answer })
      expect(await log.append(draft('x'), { session: 's', number: 3 })).toEqual({ status: 'jump' })
      expect(await broker.sessions.record('s', 3, receipt(3))).toEqual({ status: 'jump' })
      expect(await log.state()).toMatchObject({ head: 1 })
      expect(await broker.sessions.received('s')).toBe(1)
      expect(await broker.sessions.received('nobody')).toBe(0)
    })

    test('counts over all logs and records of a session, and each session by itself', async () => {
      await broker.log('a', options).append(draft('x'), { session: 's', number: 1 })
      const reject: Answer = ['reject', 2, 'forbidden', 'no']
      expect(await broker.sessions.record('s', 2, reject, 'mark')).toEqual({ status: 'applied', answer: reject })
      expect(await broker.sessions.record('s', 2, receipt(2), 'other')).toEqual({
        status: 'repeated',
        answer: reject,
        by: 'mark',
      })
      expect(await broker.log('b', options).append(draft('x'), { session: 's', number: 2 })).toMatchObject({
        status: 'repeated',
        answer: reject,
      })
      expect(await broker.log('b', options).append(draft('x'), { session: 's', number: 3 })).toMatchObject({
        status: 'applied',
      })
      expect(await broker.log('b', options).append(draft('x'), { session: 't', number: 1 })).toMatchObject({
        status: 'applied',
      })
    })

    test('of many at once each is applied once', async () => {
      const log = broker.log('a', options)
      const results = await Promise.all(
        Array.from({ length: 20 }, () => log.append(draft('x'), { session: 's', number: 1 })),
      )
      expect(results.filter(({ status }) => status === 'applied')).toHaveLength(1)
      expect(await log.state()).toMatchObject({ head: 1 })
    })

    test('keeps the newest 1,024 answers and says of older ones that it has forgotten them', async () => {
      for (let n = 1; n <= 1_030; n++) await broker.sessions.record('s', n, receipt(n))
      expect(await broker.sessions.record('s', 7, receipt(0))).toMatchObject({
        status: 'repeated',
        answer: ['receipt', 7],
      })
      expect(await broker.sessions.record('s', 6, receipt(0))).toMatchObject({
        status: 'repeated',
        answer: ['reject', 6, 'forgotten', expect.any(String)],
      })
    })

    test('takes none any more when it was forgotten: what it had already would be applied again', async () => {
      await broker.sessions.create('s', 'record', 1e6)
      await broker.sessions.record('s', 1, receipt(1))
      await broker.sessions.forget('s')
      expect(await broker.sessions.received('s')).toBe(0)
      const log = broker.log('a', options)
      for (const number of [1, 2]) {
        expect(await broker.sessions.record('s', number, receipt(number))).toEqual({ status: 'jump' })
        expect(await log.append(draft('late'), { session: 's', number })).toEqual({ status: 'jump' })
      }
    })
  })

  describe(`${name}: the registry`, () => {
    test('creates once, however many try', async () => {
      const created = await Promise.all(['a', 'b', 'c'].map((record) => broker.sessions.create('s', record, 1e6)))
      expect(created.filter((found) => found === null)).toHaveLength(1)
      const kept = await broker.sessions.get('s')
      expect(created.filter((found) => found !== null)).toEqual([kept, kept])
    })

    test('replaces what is as expected', async () => {
      await broker.sessions.create('s', 'a', 1e6)
      expect(await broker.sessions.replace('s', 'x', 'b', 1e6)).toBe(false)
      expect(await broker.sessions.replace('s', 'a', 'b', 1e6)).toBe(true)
      expect(await broker.sessions.get('s')).toBe('b')
      expect(await broker.sessions.replace('nobody', 'a', 'b', 1e6)).toBe(false)
    })

    test('lets go at the time, with the numbers, unless it is touched', async () => {
      await broker.sessions.create('s', 'a', 10 * unitMs)
      await broker.sessions.create('t', 'a', 10 * unitMs)
      await broker.sessions.record('s', 1, ['receipt', 1])
      await subject.pass(6 * unitMs)
      expect(await broker.sessions.touch('t', 10 * unitMs)).toBe(true)
      await subject.pass(6 * unitMs)
      expect(await broker.sessions.get('s')).toBeNull()
      expect(await broker.sessions.received('s')).toBe(0)
      expect(await broker.sessions.get('t')).toBe('a')
      expect(await broker.sessions.touch('s', 10 * unitMs)).toBe(false)
    })
  })

  describe(`${name}: messages between nodes`, () => {
    test('reach every listener of the channel, in order, until it stops', async () => {
      const heard: string[][] = [[], []]
      const stops = await Promise.all(heard.map((list) => broker.listen('c', (message) => list.push(message))))
      await broker.send('other', 'x')
      for (const message of ['1', '2', '3']) await broker.send('c', message)
      await expect
        .poll(() => heard)
        .toEqual([
          ['1', '2', '3'],
          ['1', '2', '3'],
        ])
      await stops[0]!()
      await broker.send('c', '4')
      await expect.poll(() => heard[1]).toHaveLength(4)
      expect(heard[0]).toHaveLength(3)
      await stops[1]!()
    })
  })

  test(`${name}: a failure says whether it is certain`, () => {
    expect(new BrokerError('no', { certain: true })).toMatchObject({ code: 'broker-failed', certain: true })
  })
}
