import {
  decodePayload,
  encodeFrame,
  encodePayload,
  formatCursor,
  HoldfastError,
  offeredHello,
  parseCursor,
  parseDown,
  parseFrom,
  parseHello,
  parseUp,
  subprotocol,
  toBase64Url,
  topicNameFault,
  toUtf8,
} from '@holdfast/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

/** What may stand somewhere in a frame, and what may not. */
interface Place {
  readonly good: fc.Arbitrary<unknown>
  readonly bad: fc.Arbitrary<unknown>
}

const any = fc.jsonValue({ maxDepth: 2 })
const place = (good: fc.Arbitrary<unknown>, isBad: (value: unknown) => boolean): Place => ({
  good,
  bad: fc.oneof(any, fc.constantFrom(...odd)).filter(isBad),
})
const odd: unknown[] = [
  ...[
    -1,
    1.5,
    2 ** 53,
    -0.5,
    1e300,
    '',
    'live',
    'start',
    'last-0',
    'last-1.5',
    'a.01',
    '.1',
    'a.1 ',
    `${'a'.repeat(33)}.1`,
  ],
  ...[
    null,
    [],
    {},
    [[]],
    [['a']],
    [['a', 'yesterday']],
    [['a', 'live'], 1],
    [[1, 'live']],
    [
      ['a', 'k.1'],
      ['b', 'live'],
    ],
  ],
  ...[JSON.parse('{"__proto__":{"polluted":1}}'), JSON.parse('{"constructor":{"prototype":1}}')],
]

// Written from PROTOCOL.md alone: what the code makes of it is what is tested.
const isText = (value: unknown) => typeof value === 'string'
const isCursor = (value: unknown) =>
  isText(value) &&
  /^(?!last-)[\w-]{1,32}\.(0|[1-9]\d*)$/.test(value as string) &&
  Number((value as string).split('.')[1]) < 2 ** 53
const isFrom = (value: unknown) =>
  value === 'live' ||
  value === 'start' ||
  (isText(value) && /^last-[1-9]\d{0,8}$/.test(value as string)) ||
  isCursor(value)
const isWhole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isPairs = (fits: (second: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) &&
  value.every((pair) => Array.isArray(pair) && isText(pair[0]) && isText(pair[1]) && fits(pair[1]))

const topic = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const cursor = fc.tuple(fc.stringMatching(/^[A-Za-z0-9_]{1,32}$/), fc.maxSafeNat()).map(([e, o]) => formatCursor(e, o))
const from = fc.oneof(fc.constantFrom('live', 'start', 'last-1', 'last-999999999'), cursor)
const number = place(fc.maxSafeNat(), (value) => !isWhole(value))
const text = place(fc.string({ unit: 'binary' }), (value) => !isText(value))
const cursors = place(cursor, (value) => !isCursor(value))
const starts = place(from, (value) => !isFrom(value))
const data = place(any, () => false)
const encoding = place(fc.constant('base64'), (value) => value !== 'base64')
const id = place(fc.option(fc.string()), (value) => value !== null && !isText(value))
const flag = place(fc.boolean(), (value) => typeof value !== 'boolean')
const object = place(
  fc.dictionary(fc.string(), any),
  (value) => typeof value !== 'object' || value === null || Array.isArray(value),
)
const wanted = place(fc.array(fc.tuple(topic, from)), (value) => !isPairs(isFrom)(value))
const acked = place(fc.array(fc.tuple(topic, cursor)), (value) => !isPairs(isCursor)(value))
const entries = place(
  fc.array(fc.tuple(cursor, fc.maxSafeNat(), any)),
  (value) =>
    !Array.isArray(value) || value.some((entry) => !Array.isArray(entry) || entry.length < 3 || !isCursor(entry[0])),
)

/** Each kind: what must stand in it, and what may be left out from the right. */
type Grammar = Record<string, readonly [must: readonly Place[], may?: readonly Place[]]>

const up: Grammar = {
  hello: [[number, object]],
  session: [[text, text, number]],
  poll: [[wanted]],
  subscribe: [[number, text, starts]],
  unsubscribe: [[number, text]],
  publish: [[number, text, data], [encoding]],
  request: [[number, text, data], [encoding]],
  skip: [[number]],
  read: [[number, text, starts, number]],
  ack: [[acked]],
  ping: [[number]],
  bye: [[]],
}

const down: Grammar = {
  welcome: [[number, object]],
  subscribed: [[text, cursors], [object]],
  refused: [[text, text, text]],
  entry: [
    [text, cursors, number, data],
    [id, encoding],
  ],
  gap: [[text, cursors, cursors, text], [flag]],
  snapshot: [[text, cursors, data], [encoding]],
  page: [
    [number, cursors, entries, flag],
    [data, encoding],
  ],
  unread: [[number, text, text]],
  receipt: [[number], [cursors]],
  reject: [[number, text, text]],
  heartbeat: [[]],
  pong: [[number]],
  close: [[number, text, text], [number]],
}

/** The code of the HoldfastError that it throws, or null; whatever else it throws is thrown on. */
function codeOf(run: () => unknown): string | null {
  try {
    run()
    return null
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    return error.code
  }
}

const directions = [
  ['up', parseUp, up],
  ['down', parseDown, down],
] as const

describe.each(directions)('%s', (_, parse, grammar) => {
  const kinds = Object.entries(grammar).map(([kind, [must, may = []]]) => ({ kind, must, may }))
  const frame = (kind: string, places: readonly Place[]) =>
    fc.tuple(fc.constant(kind), ...places.map(({ good }) => good)).map((values) => [...values] as unknown[])

  test.each(kinds)('$kind arrives as it was sent, with all that it may have or less', ({ kind, must, may }) => {
    const lengths = Array.from({ length: may.length + 1 }, (_, more) => frame(kind, [...must, ...may.slice(0, more)]))
    fc.assert(
      fc.property(fc.oneof(...lengths), fc.array(any, { maxLength: 2 }), (values, more) => {
        const whole = may.length + must.length + 1 === values.length ? [...values, ...more] : values
        const line = JSON.stringify(whole)
        expect(encodeFrame(parse(line))).toBe(line)
      }),
    )
  })

  test.each(kinds)(
    '$kind is malformed without what it must have, and at whatever character it is cut',
    ({ kind, must, may }) => {
      fc.assert(
        fc.property(frame(kind, [...must, ...may]), (values) => {
          for (let length = 0; length <= must.length; length++)
            expect(codeOf(() => parse(JSON.stringify(values.slice(0, length))))).toBe('malformed')
          const line = JSON.stringify(values)
          for (let end = 0; end < line.length; end++)
            if (codeOf(() => parse(line.slice(0, end))) !== 'malformed')
              throw new Error(`accepted: ${line.slice(0, end)}`)
        }),
        { numRuns: 30 },
      )
    },
  )

  const wrong = kinds.flatMap(({ kind, must, may }) =>
    [...must, ...may].flatMap((one, at) =>
      one === data ? [] : [{ kind, at: at + 1, places: [...must, ...may], one }],
    ),
  )
  test.each(wrong)('$kind is malformed with something else at $at', ({ kind, at, places, one }) => {
    fc.assert(
      fc.property(frame(kind, places), one.bad, (values, bad) => {
        expect(codeOf(() => parse(JSON.stringify(Object.assign([...values], { [at]: bad }))))).toBe('malformed')
      }),
    )
  })

  test('whatever comes is a frame of a kind that is known, or malformed', () => {
    const names = fc.constantFrom(...Object.keys(up), ...Object.keys(down), '__proto__', 'constructor', 'toString', '')
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .tuple(names, fc.array(fc.oneof(any, fc.constantFrom(...odd))))
        .map(([kind, rest]) => JSON.stringify([kind, ...rest])),
    )
    fc.assert(
      fc.property(line, (given) => {
        let kind = ''
        const code = codeOf(() => {
          kind = parse(given)[0]
        })
        expect(code ?? 'a frame').toBe(Object.hasOwn(grammar, kind) ? 'a frame' : 'malformed')
        expect('polluted' in {}).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })

  test('however deep or long, it is read or refused at once', () => {
    for (const deep of [
      '['.repeat(200_000),
      '{"a":'.repeat(100_000),
      `["ping",1,${'['.repeat(1e5)}${']'.repeat(1e5)}]`,
    ])
      expect(['malformed', null]).toContain(codeOf(() => parse(deep)))
  })
})

test('a hello in the header is read or refused, whatever its bytes', () => {
  const line =
    '["hello",1,{"session":"ssssssssssssssssssssss","secret":"ssssssssssssssssssssss","link":1,"mode":"new","topics":[]}]'
  const encoded = toBase64Url(toUtf8(line))
  const mutated = fc
    .tuple(
      fc.nat(encoded.length),
      fc.nat(3),
      fc.oneof(fc.string(), fc.constantFrom('', '=', '==', '+', '/', ' ', '\n', '\0')),
    )
    .map(([at, drop, more]) => encoded.slice(0, at) + more + encoded.slice(at + drop))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), mutated), (given) => {
      const code = codeOf(() => parseHello(offeredHello([subprotocol, given]) ?? ''))
      expect([null, 'malformed', 'version-unsupported']).toContain(code)
      if (!/^[\w-]{0,2048}$/.test(given)) expect(code).toBe('malformed')
    }),
    { numRuns: 500 },
  )
})

test('a cursor, a start and a topic name are told from any other text or refused, and never throw', () => {
  const near = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...odd.filter((value) => typeof value === 'string')),
    from,
  )
  fc.assert(
    fc.property(near, (given) => {
      expect(parseCursor(given) !== null).toBe(isCursor(given))
      expect(parseFrom(given) !== null).toBe(isFrom(given))
      const named = !given.startsWith('$') && !/\p{Cc}/u.test(given) && given !== '' && Buffer.byteLength(given) <= 200
      expect(topicNameFault(given) === null).toBe(named)
    }),
    { numRuns: 1_000 },
  )
})

test('a payload with any keys, those of prototypes too, arrives as it is and changes no prototype', () => {
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'then'),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 0 }),
      fc.array(tie('tree')),
      fc.array(fc.tuple(key, tie('tree'))).map(asObject),
    ),
  }))
  fc.assert(
    fc.property(tree, (given) => {
      const line = JSON.stringify(given)
      const { json, encoding } = encodePayload(JSON.parse(line))
      expect(JSON.stringify(decodePayload(JSON.parse(json), encoding))).toBe(line)
      expect('polluted' in {}).toBe(false)
    }),
  )
})

const asObject = (pairs: [string, unknown][]) =>
  JSON.parse(`{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`) as unknown
