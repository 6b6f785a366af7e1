import { type Connection, connect } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub, defineRequest, defineTopic, type Hub, type StandardSchema, type } from '@holdfast/server'
import { type as arktype } from 'arktype'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

let hub: Hub
let connection: Connection
/** What surfaced at the client and at the hub. */
let errors: { client: string[]; hub: string[] }

beforeEach(() => {
  errors = { client: [], hub: [] }
  hub = createHub({ authorize: () => true })
  connection = connect('http://test', { transports: [memory(hub)] })
  hub.errors$.subscribe(({ code }) => errors.hub.push(code))
  connection.errors$.subscribe(({ code, message }) => errors.client.push(`${code} ${message}`))
})
afterEach(async () => {
  await connection.close()
  await hub.close({ drainMs: 0 })
})

interface Line {
  text: string
}
const late: StandardSchema<Line> = {
  '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: { text: 'late' } }) },
}

const libraries: [string, StandardSchema<unknown, Line>][] = [
  ['zod', z.object({ text: z.string() })],
  ['valibot', v.object({ text: v.string() })],
  ['arktype', arktype({ text: 'string' })],
]

describe.each(libraries)('a topic with a schema of %s', (_, schema) => {
  const chat = defineTopic('chat:{room}', { schema })

  test('passes over what does not fit, reports it, and goes on', async () => {
    const topic = connection.topic(chat({ room: 'lobby' }), { from: 'start' })
    // Whoever publishes by the name alone is not held to the schema of the definition.
    const anything = hub.topic('chat:lobby')
    for (const data of [{ text: 'one' }, { words: 'two' }, { text: 'three' }]) await anything.publish(data)
    const heard: unknown[] = []
    const events: number[] = []
    topic.subscribe((line) => heard.push(line.text))
    await expect.poll(() => heard).toEqual(['one', 'three'])
    expect(errors.client).toEqual([expect.stringMatching(/^bad-data 'chat:lobby': text: /)])
    topic.events$.subscribe((event) => event.type === 'message' && events.push(event.offset))
    await expect.poll(() => events).toEqual([1, 3])
  })

  test('refuses to publish it, before anything is sent, on either side', async () => {
    const { name } = chat({ room: 'lobby' })
    for (const topic of [connection.topic(chat({ room: 'lobby' })), hub.topic(chat({ room: 'lobby' }))]) {
      const refused = topic.publish({ words: 'hello' } as unknown as Line)
      await expect(refused).rejects.toMatchObject({
        name: 'HoldfastError',
        code: 'bad-data',
        outcome: 'not-sent',
        message: expect.stringMatching(/^'chat:lobby': text: /),
      })
      await expect(topic.publish({ text: 'hello' })).resolves.toMatchObject({ cursor: expect.any(String) })
    }
    const heard: unknown[] = []
    connection.topic(name, { from: 'start' }).subscribe((data) => heard.push(data))
    await expect.poll(() => heard).toEqual([{ text: 'hello' }, { text: 'hello' }])
    expect(errors).toEqual({ client: [], hub: [] })
  })

  test('is checked by the hub, whatever the client is', async () => {
    hub.topics(chat, { history: { count: 10 } })
    const bad = connection.topic('chat:lobby').publish({ words: 'hello' })
    await expect(bad).rejects.toMatchObject({ code: 'bad-data', outcome: 'rejected' })
    await expect(connection.topic('other:lobby').publish({ words: 'hello' })).resolves.toBeTruthy()
  })
})

test('what a schema makes of a message is what is sent, and what is heard', async () => {
  const schema = z.object({ text: z.string().trim(), at: z.number().default(0) })
  const heard: unknown[] = []
  connection.topic('chat', { schema }).subscribe((line) => heard.push(line))
  connection.topic('chat').subscribe((line) => heard.push(line))
  await connection.request('none').catch(() => {})
  await connection.topic('chat', { schema }).publish({ text: ' one ' } as { text: string; at: number })
  await hub.topic('chat').publish({ text: ' two ' })
  await expect
    .poll(() => heard)
    .toEqual([{ text: 'one', at: 0 }, { text: 'one', at: 0 }, { text: 'two', at: 0 }, { text: ' two ' }])
})

test('a snapshot is not held to the schema of messages', async () => {
  hub.topics('chat', { snapshot: () => ({ state: ['all'] }) })
  const events: unknown[] = []
  connection.topic('chat', { schema: libraries[0]![1], from: 'snapshot' }).events$.subscribe((e) => events.push(e))
  await expect.poll(() => events).toEqual([expect.objectContaining({ type: 'snapshot', data: ['all'] })])
})

test('a schema that answers a promise is refused', async () => {
  const topic = connection.topic('chat', { schema: late, from: 'start' })
  const message = /must be synchronous/
  await expect(topic.publish({ text: 'a' })).rejects.toMatchObject({
    code: 'bad-data',
    message: expect.stringMatching(message),
  })
  await expect(hub.topic('chat', { schema: late }).publish({ text: 'a' })).rejects.toThrow(message)
  hub.topics('checked', { schema: late })
  await expect(connection.topic('checked').publish({ text: 'a' })).rejects.toMatchObject({
    outcome: 'rejected',
    code: 'bad-data',
  })
  expect(errors.hub).toEqual(['hook-failed'])
  await hub.topic('chat').publish({ text: 'a' })
  topic.subscribe()
  await expect.poll(() => errors.client).toEqual([expect.stringMatching(message)])
})

describe('a request that is defined', () => {
  const rename = defineRequest('rename', {
    input: z.object({ name: z.string().min(1) }),
    output: v.object({ was: v.string() }),
  })

  test('is answered', async () => {
    hub.handle(rename, ({ data }) => ({ was: data.name.toUpperCase() }))
    expect(await connection.request(rename, { name: 'ada' })).toEqual({ was: 'ADA' })
  })

  test('is not sent with what does not fit', async () => {
    const refused = connection.request(rename, { name: '' })
    await expect(refused).rejects.toMatchObject({
      code: 'bad-data',
      outcome: 'not-sent',
      message: expect.stringMatching(/^'rename': name: /),
    })
  })

  test('is refused by the hub with what does not fit, and the handler not called', async () => {
    let calls = 0
    hub.handle(rename, () => ({ was: `${++calls}` }))
    const refused = connection.request('rename', { name: 3 })
    await expect(refused).rejects.toMatchObject({
      code: 'bad-data',
      outcome: 'rejected',
      message: expect.stringMatching(/^'rename': name: /),
    })
    expect(calls).toBe(0)
    expect(errors.hub).toEqual([])
  })

  test('fails where the answer does not fit, which the hub is told', async () => {
    hub.handle('rename', () => 'as it pleases')()
    hub.handle(rename, () => ({ was: 3 }) as unknown as { was: string })
    const failed = connection.request(rename, { name: 'ada' })
    await expect(failed).rejects.toMatchObject({ code: 'handler-failed', outcome: 'rejected' })
    expect(errors.hub).toEqual(['handler-failed'])
  })

  test('without input takes none', async () => {
    const count = defineRequest('count', { output: type<number>() })
    hub.handle(count, ({ data }) => (data === null ? 7 : 0))
    expect(await connection.request(count)).toBe(7)
  })
})

test('authorize finds out what a topic is about', async () => {
  const chat = defineTopic('chat:{room}')
  await connection.close()
  await hub.close()
  hub = createHub({ authorize: ({ topic }) => chat.match(topic)?.room === 'a:b' })
  connection = connect('http://test', { transports: [memory(hub)] })
  await expect(connection.topic(chat({ room: 'a:b' })).publish(1)).resolves.toBeTruthy()
  await expect(connection.topic(chat({ room: 'a' })).publish(1)).rejects.toMatchObject({ code: 'forbidden' })
})
