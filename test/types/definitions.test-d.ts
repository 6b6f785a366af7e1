// Checked by `tsc` alone, as part of `npm run check`: what has to compile, and what must not.
import type { Connection, Topic } from '@holdfast/client'
import { defineRequest, defineTopic, type } from '@holdfast/client'
import type { Hub } from '@holdfast/server'
import { type as arktype } from 'arktype'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'

interface Message {
  text: string
}

declare const connection: Connection
declare const hub: Hub<{ id: string }>

const chat = defineTopic('chat:{room}', { schema: z.object({ text: z.string() }) })
const cell = defineTopic('sheet:{sheet}/{column}:{row}', { schema: v.object({ value: v.number() }) })
const tasks = defineTopic('tasks', { schema: arktype({ title: 'string', 'done?': 'boolean' }) })
const plain = defineTopic('plain:{id}', { schema: type<Message>() })
const anything = defineTopic('anything')

export function topics() {
  expectTypeOf(connection.topic(chat({ room: 'lobby' }))).toEqualTypeOf<Topic<Message>>()
  expectTypeOf(connection.topic(cell({ sheet: 'a', column: 'b', row: 3 }))).toEqualTypeOf<Topic<{ value: number }>>()
  expectTypeOf(connection.topic(tasks())).toEqualTypeOf<Topic<{ title: string; done?: boolean }>>()
  expectTypeOf(connection.topic(plain({ id: 1 }), { from: 'snapshot' })).toEqualTypeOf<Topic<Message>>()
  expectTypeOf(connection.topic(anything())).toEqualTypeOf<Topic<unknown>>()
  expectTypeOf(connection.topic('chat', { schema: z.object({ text: z.string() }) })).toEqualTypeOf<Topic<Message>>()
  expectTypeOf(connection.topic<Message>('chat')).toEqualTypeOf<Topic<Message>>()
  expectTypeOf(connection.topic('chat')).toEqualTypeOf<Topic<unknown>>()
  expectTypeOf(connection.topic(chat({ room: 1 })).from('start')).toEqualTypeOf<Topic<Message>>()
  expectTypeOf(chat.match('chat:lobby')).toEqualTypeOf<{ readonly room: string } | null>()

  // @ts-expect-error a parameter is missing
  chat({})
  // @ts-expect-error the parameters are missing
  chat()
  // @ts-expect-error another parameter
  chat({ name: 'lobby' })
  // @ts-expect-error one too many
  chat({ room: 'lobby', name: 'x' })
  // @ts-expect-error no text
  chat({ room: true })
  // @ts-expect-error it has no parameters
  tasks({ id: 1 })
  // @ts-expect-error a kind of topic is none: it has to be called
  connection.topic(chat)
  // @ts-expect-error another payload
  connection.topic(chat({ room: 'lobby' })).publish({ words: 'hello' })
  // @ts-expect-error another payload
  connection.topic(chat({ room: 'lobby' })).next('hello')
  // @ts-expect-error another payload
  connection.topic(chat({ room: 'lobby' })).subscribe((message: { words: string }) => message.words)
  // @ts-expect-error no start
  connection.topic('chat', { from: { first: 3 } })
}

const rename = defineRequest('rename', { input: z.object({ name: z.string() }), output: type<{ ok: boolean }>() })
const ping = defineRequest('ping', { output: v.number() })
const free = defineRequest('free', { input: type<unknown>() })

export function requests() {
  expectTypeOf(connection.request(rename, { name: 'Ada' })).toEqualTypeOf<Promise<{ ok: boolean }>>()
  expectTypeOf(connection.request(ping)).toEqualTypeOf<Promise<number>>()
  expectTypeOf(connection.request(ping, undefined, { timeoutMs: 1 })).toEqualTypeOf<Promise<number>>()
  expectTypeOf(connection.request(free, { any: 'thing' })).toEqualTypeOf<Promise<unknown>>()
  expectTypeOf(connection.request('rename', { name: 'Ada' })).toEqualTypeOf<Promise<unknown>>()
  expectTypeOf(connection.request<number>('count')).toEqualTypeOf<Promise<number>>()

  // @ts-expect-error other data
  connection.request(rename, { title: 'Ada' })
  // @ts-expect-error no data
  connection.request(rename)
  // @ts-expect-error it takes none
  connection.request(ping, 1)
  // @ts-expect-error another answer
  connection.request(rename, { name: 'Ada' }).then((answer: { done: boolean }) => answer.done)
}

export function onTheHub() {
  expectTypeOf(hub.topic(chat({ room: 'lobby' })).publish)
    .parameter(0)
    .toEqualTypeOf<Message>()
  hub.topic(chat({ room: 'lobby' })).events$.subscribe((event) => {
    if (event.type === 'message') expectTypeOf(event.data).toEqualTypeOf<Message>()
  })
  hub.topics(chat, { history: { count: 3 }, conflate: (message) => message.text })
  hub.topics('chat:*', { schema: z.object({ text: z.string() }), conflate: (message) => message.text })
  hub.handle(rename, ({ data, user }) => ({ ok: data.name !== user.id }))
  hub.handle(rename, async ({ data }) => ({ ok: data.name !== '' }))
  hub.handle<{ name: string }>('rename', ({ data }) => data.name)
  hub.handle('rename', ({ data }) => expectTypeOf(data).toEqualTypeOf<unknown>())

  // @ts-expect-error another payload
  hub.topic(chat({ room: 'lobby' })).publish({ words: 'hello' })
  // @ts-expect-error another key
  hub.topics(chat, { conflate: (message) => message.words })
  // @ts-expect-error other data
  hub.handle(rename, ({ data }) => ({ ok: data.title !== '' }))
  // @ts-expect-error another answer
  hub.handle(rename, () => ({ done: true }))
}
