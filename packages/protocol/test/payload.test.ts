import {
  decodePayload,
  encodePayload,
  fromBase64,
  fromBase64Url,
  HoldfastError,
  toBase64,
  toBase64Url,
  toUtf8,
  utf8Length,
} from '@holdfast/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('a payload', () => {
  test('of any JSON arrives as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { json, encoding, bytes } = encodePayload(value)
        expect(encoding).toBeUndefined()
        expect(bytes).toBe(Buffer.byteLength(json))
        expect(decodePayload(JSON.parse(json), encoding)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('of any bytes arrives as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        const { json, encoding, bytes } = encodePayload(value)
        expect([encoding, bytes]).toEqual(['base64', value.byteLength])
        expect(decodePayload(JSON.parse(json), encoding)).toEqual(value)
      }),
    )
  })

  test('may be a part of a larger buffer, or a Node Buffer', () => {
    const whole = new Uint8Array([0, 1, 2, 3, 4])
    expect(encodePayload(whole.subarray(1, 4)).json).toBe('"AQID"')
    expect(encodePayload(Buffer.from([1, 2, 3])).json).toBe('"AQID"')
  })

  test('may be large', () => {
    const value = new Uint8Array(1_000_003).map((_, index) => index)
    expect(Buffer.compare(fromBase64(toBase64(value)), value)).toBe(0)
  })

  const good: [string, unknown, string][] = [
    ['null', null, 'null'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ['an undefined property, which is left out', { a: 1, b: undefined }, '{"a":1}'],
    ['an empty array', [], '[]'],
    ['a lone surrogate', '\ud800', '"\\ud800"'],
    ['a property called __proto__', JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    ['the same object twice', [good1(), good1()], '[{"x":[1]},{"x":[1]}]'],
  ]
  test.each(good)('may be %s', (_, value, json) => {
    expect(encodePayload(value).json).toBe(json)
  })

  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  let deep: unknown = []
  for (let i = 0; i < 100_000; i++) deep = [deep]
  class Point {
    x = 1
  }
  const bad: [string, unknown][] = [
    ['undefined', undefined],
    ['a function', () => {}],
    ['a symbol', Symbol('x')],
    ['a BigInt', 1n],
    ['NaN', Number.NaN],
    ['infinity, deep inside', { a: [{ b: Number.POSITIVE_INFINITY }] }],
    ['undefined in an array', [1, undefined]],
    ['a hole in an array', new Array(2)],
    ['a Date', new Date()],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['an Error', new Error('x')],
    ['an instance of a class', new Point()],
    ['an object with toJSON', { toJSON: () => 1 }],
    ['another typed array', new Uint16Array(1)],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['bytes inside of JSON', { picture: new Uint8Array(1) }],
    ['a promise', Promise.resolve(1)],
    ['a cycle', cyclic],
    ['nested too deeply', deep],
  ]
  test.each(bad)('must not be %s', (_, value) => {
    const error = caught(() => encodePayload(value))
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toMatchObject({ code: 'bad-payload', outcome: 'not-sent' })
  })
})

describe('base64url', () => {
  test('carries any text, without padding', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = toBase64Url(toUtf8(text))
        expect(encoded).toMatch(/^[\w-]*$/)
        expect(encoded).toBe(Buffer.from(text).toString('base64url'))
        expect(fromBase64Url(encoded)).toBe(Buffer.from(text).toString())
      }),
    )
  })

  test.each(['*', 'a', '_w'])('throws at %s', (text) => {
    expect(() => fromBase64Url(text)).toThrow()
  })
})

test('bytes are counted as UTF-8 has them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(utf8Length(text)).toBe(Buffer.byteLength(text))
    }),
  )
  expect([utf8Length('é'), utf8Length('\u2028'), utf8Length('😀'), utf8Length('\ud800')]).toEqual([2, 3, 4, 3])
})

function good1() {
  return { x: [1] }
}

function caught(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
