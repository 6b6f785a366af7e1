import { createHub } from '@holdfast/server'
import { topicStore } from '@holdfast/store'
import { expect, test } from 'vitest'

test('a store on the hub shows its own changes once, though their entries come before their receipts', async () => {
  const hub = createHub({ authorize: () => true })
  const topic = hub.topic<number>('sum', { from: 'start' })
  const sum = { initial: 0, message: (state: number, n: number) => state + n, optimistic: true, everyMs: 0 }
  const store = topicStore<number, number>(topic, sum)
  const told: number[] = []
  store.select(({ data }) => data).subscribe((data) => told.push(data))
  const heard: unknown[] = []
  topic.events$.subscribe((event) => event.type === 'message' && heard.push(event.session))
  for (const n of [1, 10]) await store.publish(n)
  await expect.poll(() => heard).toEqual([null, null])
  expect(told).toEqual([1, 11])
  expect(store.get().context).toMatchObject({ data: 11, pending: [], status: 'live' })
  await hub.close({ drainMs: 0 })
  expect(store.get().context).toMatchObject({ data: 11, status: 'stale' })
})

test('who is told the id of what the hub publishes, and throws, harms nothing; without it there is none', async () => {
  const hub = createHub({ authorize: () => true })
  const errors: string[] = []
  hub.errors$.subscribe(({ code }) => errors.push(code))
  const topic = hub.topic<number>('sum', { from: 'start' })
  const ids: (string | undefined)[] = []
  topic.events$.subscribe((event) => event.type === 'message' && ids.push(event.id))
  let sent = ''
  const onSent = (id: string) => {
    sent = id
    throw new Error('mine')
  }
  await topic.publish(1, { onSent })
  await topic.publish(2)
  await expect.poll(() => ids).toEqual([sent, undefined])
  expect(sent).not.toContain('.')
  expect(errors).toEqual(['listener-failed'])
  await hub.close({ drainMs: 0 })
})
