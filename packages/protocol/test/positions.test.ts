import {
  answerId,
  formatCursor,
  HoldfastError,
  parseCursor,
  parseFrom,
  publishId,
  topicNameFault,
  wireLimits,
} from '@holdfast/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const epoch = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/)

describe('a cursor', () => {
  test('is its epoch and offset, and is read as such', () => {
    fc.assert(
      fc.property(epoch, fc.maxSafeNat(), (inEpoch, offset) => {
        const cursor = formatCursor(inEpoch, offset)
        expect(parseCursor(cursor)).toEqual({ epoch: inEpoch, offset })
        expect(parseFrom(cursor)).toEqual({ at: 'cursor', epoch: inEpoch, offset })
      }),
    )
  })

  test('is what it was when it is read and written', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const position = parseCursor(text)
        if (position) expect(formatCursor(position.epoch, position.offset)).toBe(text)
      }),
    )
  })

  const none = [
    '',
    '.',
    'a',
    'a.',
    '.1',
    'a.01',
    'a.-1',
    'a.1.2',
    'a.1 ',
    'a b.1',
    'a.1e3',
    'a.9007199254740992',
    'last-1.5',
    'last-.0',
  ]
  test.each([...none, `${'a'.repeat(33)}.1`, 'é.1', 'a.1\n'])('is not %j', (text) => {
    expect(parseCursor(text)).toBeNull()
  })
})

describe('a start', () => {
  test.each([
    ['live', { at: 'live' }],
    ['start', { at: 'start' }],
    ['last-1', { at: 'last', count: 1 }],
    ['last-999999999', { at: 'last', count: 999_999_999 }],
  ])('is %s', (text, start) => {
    expect(parseFrom(text)).toEqual(start)
  })

  test.each([
    '',
    'Live',
    'last',
    'last-',
    'last-0',
    'last-01',
    'last--1',
    'last-1000000000',
    'last-1.5x',
    'last-3.4',
    ' live',
  ])('is not %j', (text) => {
    expect(parseFrom(text)).toBeNull()
  })
})

describe('a topic name', () => {
  test.each(['a', 'room/1', 'a b', 'é', 'a$', '日本語', '.', '..', 'x'.repeat(wireLimits.topicBytes)])(
    'is %j',
    (name) => {
      expect(topicNameFault(name)).toBeNull()
    },
  )

  const bad: unknown[] = ['', '$inbox', '$', 'a\nb', 'a\u0000', '\u007f', 'a\u0085', 'a\n', 1, null, undefined, ['a']]
  test.each([...bad, 'x'.repeat(wireLimits.topicBytes + 1), 'é'.repeat(wireLimits.topicBytes / 2 + 1)])(
    'is not %j',
    (name) => {
      expect(topicNameFault(name)).toContain('1 to 200 bytes')
    },
  )

  test('of any characters but the forbidden ones may have 200 bytes and no more', () => {
    const character = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 1 })
      .filter((one) => !/[\p{Cc}$]/u.test(one))
    fc.assert(
      fc.property(fc.array(character, { minLength: 1, maxLength: 120 }), (characters) => {
        const name = characters.join('')
        expect(topicNameFault(name) === null).toBe(Buffer.byteLength(name) <= wireLimits.topicBytes)
      }),
    )
  })
})

test('ids name the session or the answer, and the number', () => {
  expect([publishId('s', 5), answerId(7, false), answerId(7, true)]).toEqual(['s.5', 'reply.7', 'error.7'])
})

test('the error has a code, an outcome and a cause', () => {
  const cause = new Error('why')
  const error = new HoldfastError('later', 'busy', { outcome: 'unknown', cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'HoldfastError', code: 'later', message: 'busy', outcome: 'unknown', cause })
  expect('cause' in new HoldfastError('later', 'busy')).toBe(false)
})
