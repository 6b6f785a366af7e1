import { applySchema, defineRequest, defineTopic, HoldfastError, type StandardSchema, type } from '@holdfast/protocol'
import { type as arktype } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

describe('defineTopic', () => {
  const chat = defineTopic('chat:{room}')
  const cell = defineTopic('sheet:{sheet}/{column}:{row}')

  test('names one topic of the kind', () => {
    expect(chat({ room: 'lobby' }).name).toBe('chat:lobby')
    expect(cell({ sheet: 'a/b', column: 'c:d', row: 3 }).name).toBe('sheet:a%2Fb/c%3Ad:3')
    expect(defineTopic('news')().name).toBe('news')
  })

  test('has the pattern that the hub takes', () => {
    expect([chat.pattern, cell.pattern, defineTopic('news').pattern]).toEqual(['chat:*', 'sheet:*/*:*', 'news'])
  })

  test('carries its schema, and has no name of its own', () => {
    const schema = type<{ text: string }>()
    const one = defineTopic('chat:{room}', { schema })
    expect([one.schema, one({ room: 1 }).schema, one.name]).toEqual([schema, schema, undefined])
  })

  test('finds the parameters again, whatever they are', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, text, (sheet, column, row) => {
        expect(cell.match(cell({ sheet, column, row }).name)).toEqual({ sheet, column, row })
      }),
    )
  })

  test.each([
    'chat',
    'chats:lobby',
    'chat:a:b',
    'chat:a/b',
    'chat:a b',
    'chat:%',
    'chat:%E0',
    'chat:%61',
    'chat:%2f',
    'x chat:lobby',
    'chat:lobby\n',
  ])('%j is no chat', (name) => {
    expect(chat.match(name)).toBe(null)
  })

  test('only the text that stands in the pattern matches', () => {
    const odd = defineTopic('a.b+(c)|[d]^$\\?*:{x}')
    expect(odd.match('a.b+(c)|[d]^$\\?*:1')).toEqual({ x: '1' })
    expect(odd.match('aXb+(c)|[d]^$\\?*:1')).toBe(null)
  })

  test.each(['{a}{b}', 'chat:{a}-{b}', '{a}.{b}:{c}'])('%s could be read in two ways', (pattern) => {
    expect(() => defineTopic(pattern)).toThrow(TypeError)
  })
})

test('defineRequest has what it was given', () => {
  const input = z.object({ name: z.string() })
  expect(defineRequest('rename', { input })).toEqual({ name: 'rename', input, output: undefined })
})

describe('a schema', () => {
  const code = (run: () => unknown): HoldfastError => {
    try {
      run()
    } catch (error) {
      return error as HoldfastError
    }
    throw new Error('it passed')
  }

  test.each<[string, StandardSchema<unknown, { to: { age: number } }>]>([
    ['zod', z.object({ to: z.object({ age: z.number() }) })],
    ['valibot', v.object({ to: v.object({ age: v.number() }) })],
    ['arktype', arktype({ to: { age: 'number' } })],
  ])('of %s lets through what fits, and says what does not', (_, schema) => {
    expect(applySchema(schema, { to: { age: 3 } }, 'x')).toEqual({ to: { age: 3 } })
    const error = code(() => applySchema(schema, { to: { age: 'old' } }, "'people'", 'not-sent'))
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toMatchObject({ code: 'bad-data', outcome: 'not-sent' })
    expect(error.message).toMatch(/^'people': to\.age: .*number/)
    expect(error.cause).toBe(undefined)
  })

  test('may change what it accepts', () => {
    expect(applySchema(z.object({ a: z.number().default(1) }), { b: 2 }, 'x')).toEqual({ a: 1 })
  })

  test.each<[string, () => never | Promise<never>, RegExp]>([
    ['answers a promise', () => Promise.reject(new Error('late')), /must be synchronous/],
    [
      'throws',
      () => {
        throw new Error('mine')
      },
      /mine/,
    ],
  ])('that %s is refused, with its cause', (_, validate, message) => {
    const error = code(() => applySchema({ '~standard': { version: 1, vendor: 'test', validate } }, 1, 'x'))
    expect(error).toMatchObject({ code: 'bad-data', message: expect.stringMatching(message), cause: expect.any(Error) })
  })

  test('type() lets everything through', () => {
    expect(applySchema(type<string>(), 3, 'x')).toBe(3)
  })
})
