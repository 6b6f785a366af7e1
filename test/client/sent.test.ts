import type { HoldfastError } from '@holdfast/client/core'
import { createHub } from '@holdfast/server'
import { afterEach, describe, expect, test } from 'vitest'
import { start, type Way } from '../regressions/by-hand.ts'

const open: ReturnType<typeof start>[] = []
afterEach(async () => {
  for (const { close } of open.splice(0)) await close()
})

function begin() {
  const started = start('only')
  open.push(started)
  const sent: string[] = []
  const publish = (data: unknown, more = {}) =>
    started.connection.topic('p').publish(data, { onSent: (id) => sent.push(id), ...more })
  return { ...started, publish, sent, links: (started.ways[0] as Way).links }
}

describe('onSent', () => {
  test('tells the id of the entry once, when it is handed over, though it is sent again', async () => {
    const { connection, publish, sent, links, pass } = begin()
    const receipt = publish(1)
    await pass(0)
    expect(sent).toEqual([])
    links[0]!.welcome()
    await pass(0)
    expect(sent).toEqual([`${connection.session}.1`])
    links[0]!.lose()
    await pass(1_000)
    links[1]!.welcome()
    await pass(0)
    expect(links[1]!.of('publish')).toEqual([['publish', 1, 'p', 1]])
    expect(sent).toHaveLength(1)
    links[1]!.down(['receipt', 1, 'k.1'])
    expect(await receipt).toMatchObject({ cursor: 'k.1' })
  })

  test('an entry that overtakes its receipt is known', async () => {
    const { connection, publish, sent, links, pass } = begin()
    const own: boolean[] = []
    connection.topic('p').events$.subscribe((event) => event.type === 'message' && own.push(event.id === sent[0]))
    await pass(0)
    links[0]!.welcome(['subscribed', 'p', 'k.0', { from: 'live' }])
    publish(1).catch(() => {})
    await pass(0)
    links[0]!.down(['entry', 'p', 'k.1', 1, 1, `${connection.session}.1`])
    expect(own).toEqual([true])
  })

  test('says nothing of what is given up before, and of requests', async () => {
    const { connection, publish, sent, links, pass } = begin()
    const given = publish(1, { timeoutMs: 10 })
    const failed = expect(given).rejects.toMatchObject({ outcome: 'not-sent', code: 'timeout' })
    await pass(10)
    await failed
    connection.request('r', 1, { onSent: (id) => sent.push(id) }).catch(() => {})
    links[0]!.welcome()
    await pass(0)
    expect(links[0]!.of('request')).toHaveLength(1)
    expect(sent).toEqual([])
  })

  test.each<[string, (connection: ReturnType<typeof start>['connection']) => void]>([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['publishes', (connection) => void connection.topic('p').next('more')],
    ['reconnects', (connection) => connection.reconnect()],
  ])('a callback that %s harms nothing', async (what, onSent) => {
    const { connection, publish, links, pass } = begin()
    const errors: HoldfastError[] = []
    connection.errors$.subscribe((error) => errors.push(error))
    const receipts = [publish(1, { onSent: () => onSent(connection) }), publish(2)]
    await pass(0)
    links[0]!.welcome()
    await pass(0)
    const numbers = links[0]!.of('publish').map(([, n, , data]) => [n, data])
    expect(numbers).toEqual([[1, 1], [2, 2], ...(what === 'publishes' ? [[3, 'more']] : [])])
    links[0]!.down(...numbers.map(([n]) => ['receipt', n, `k.${n}`]))
    expect(await Promise.all(receipts)).toHaveLength(2)
    expect(errors.map(({ code }) => code)).toEqual(what === 'throws' ? ['listener-failed'] : [])
  })

  test('a callback that closes the connection', async () => {
    const { connection, publish, links, pass } = begin()
    const given = publish(1, { onSent: () => void connection.close() })
    const failed = expect(given).rejects.toMatchObject({ outcome: 'unknown', code: 'closed' })
    await pass(0)
    links[0]!.welcome()
    await pass(1_000)
    await failed
    expect(links[0]!.of('bye')).toEqual([['bye']])
  })

  test('is told the id of what the hub publishes, which is no session’s', async () => {
    const hub = createHub({ authorize: () => true })
    const topic = hub.topic<number>('p', { from: 'start' })
    const sent: string[] = []
    await topic.publish(1, { onSent: (id) => sent.push(id) })
    await topic.publish(2)
    const ids: (string | undefined)[] = []
    topic.events$.subscribe((event) => event.type === 'message' && ids.push(event.id))
    await expect.poll(() => ids).toEqual([...sent, undefined])
    expect(sent).toEqual([expect.stringMatching(/^[^.]+$/)])
    await hub.close({ drainMs: 0 })
  })
})
