import { offeredHello, offerHello, parseHello, subprotocol, toBase64Url, toUtf8, wireLimits } from '@holdfast/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const fields = { session: 's'.repeat(22), secret: 'x'.repeat(22), link: 1, mode: 'new', topics: [] }
const hello = (change: Record<string, unknown> = {}, version: unknown = 1) =>
  JSON.stringify(['hello', version, { ...fields, ...change }])

describe('a hello in the header', () => {
  test('comes out as it went in, whatever its length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000, size: 'max' }), (token) => {
        const line = hello({ token })
        const { protocols, first } = offerHello(line)
        expect(protocols[0]).toBe(subprotocol)
        expect(first ?? offeredHello(protocols)).toBe(line)
        expect(first === null).toBe((protocols[1]?.length ?? Number.POSITIVE_INFINITY) <= wireLimits.helloHeaderBytes)
        // RFC 6455, 4.1: a subprotocol is a token of RFC 2616, 2.2.
        for (const protocol of protocols) expect(protocol).toMatch(/^[\w.-]+$/)
      }),
      { numRuns: 50 },
    )
  })

  test('may have 2,048 characters, and not one more', () => {
    const fit = 'x'.repeat((wireLimits.helloHeaderBytes / 4) * 3)
    expect(offerHello(fit)).toEqual({ protocols: [subprotocol, expect.stringMatching(/^.{2048}$/)], first: null })
    expect(offerHello(`${fit}x`)).toEqual({ protocols: [subprotocol], first: `${fit}x` })
  })

  test('may be missing', () => {
    expect(offeredHello([subprotocol])).toBeNull()
  })

  test.each([[[]], [['']], [['holdfast.2', 'x']], [['x', subprotocol]], [['graphql-ws']]])(
    'belongs to another version in %j',
    (protocols) => {
      expect(() => offeredHello(protocols)).toThrow(expect.objectContaining({ code: 'version-unsupported' }))
    },
  )

  test.each(['*', 'a', '', 'e', '_w'])('is malformed in %j', (encoded) => {
    const read = () => parseHello(offeredHello([subprotocol, encoded]) ?? '')
    expect(read).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})

test('a hello of more than 2,048 characters, or padded, is malformed in the header', () => {
  const line = hello({ token: 'x'.repeat(3_000) })
  for (const encoded of [
    toBase64Url(toUtf8(line)),
    `${toBase64Url(toUtf8(hello()))}=`,
    ` ${toBase64Url(toUtf8(hello()))}`,
  ])
    expect(() => offeredHello([subprotocol, encoded])).toThrow(expect.objectContaining({ code: 'malformed' }))
})

describe('the line of a hello', () => {
  test('is read', () => {
    expect(parseHello(hello({ token: 't', topics: [['a', 'live']] }))).toEqual({
      ...fields,
      token: 't',
      topics: [['a', 'live']],
    })
  })

  test.each([2, 0, 1.5, '1', null])('of version %j is unsupported or malformed', (version) => {
    const code = Number.isSafeInteger(version) ? 'version-unsupported' : 'malformed'
    expect(() => parseHello(hello({}, version))).toThrow(expect.objectContaining({ code }))
  })

  const wrong: [string, unknown][] = [
    ['session', 's'.repeat(21)],
    ['session', `${'s'.repeat(21)}é`],
    ['session', `${'s'.repeat(22)}\n`],
    ['session', 7],
    ['secret', undefined],
    ['secret', 'x'.repeat(23)],
    ['link', 0],
    ['link', 1.5],
    ['link', '1'],
    ['mode', 'old'],
    ['mode', undefined],
    ['successor', 's'.repeat(22)],
    ['successor', { session: 's'.repeat(22) }],
    ['successor', { session: 's'.repeat(21), secret: 'x'.repeat(22) }],
    ['token', 7],
    ['token', null],
    ['topics', undefined],
    ['topics', {}],
    ['topics', [['a']]],
    ['topics', [['a', 'yesterday']]],
    ['topics', [[1, 'live']]],
    ['topics', ['a']],
  ]
  test.each(wrong)('with the %s %j is malformed, and names the field alone', (field, value) => {
    expect(() => parseHello(hello({ [field]: value }))).toThrow(
      expect.objectContaining({ code: 'malformed', message: `malformed hello: ${field}` }),
    )
  })

  test.each(['', '{}', '[]', '["ping",1]', '["hello",1]', '["hello",1,[]]', '["hello",1,null]'])(
    '%s is none',
    (line) => {
      expect(() => parseHello(line)).toThrow(expect.objectContaining({ code: 'malformed' }))
    },
  )

  test('never stands with its secret in what is thrown', () => {
    const line = hello({ secret: 'top-secret-top-secret!', token: 'my-token' })
    for (const broken of [line, line.slice(0, -1), line.replace('"new"', '"old"'), line.replace('hello', 'shout')]) {
      expect(() => parseHello(broken)).toThrow(
        expect.objectContaining({ message: expect.not.stringMatching(/top-secret|my-token/) }),
      )
    }
  })
})
